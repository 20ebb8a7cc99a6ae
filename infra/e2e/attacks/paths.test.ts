import { expect } from 'chai';
import { type Account, register } from '../support/client.ts';
import { nodes } from '../support/cluster.ts';
import { exchangeBytes, requestText } from '../support/raw.ts';
import '../support/shared-cluster.ts';

const spellings = (path: string): string[] => {
  const [, first = '', ...rest] = path.split('/');
  const end = rest.join('/');
  return [
    `//${first}/${end}`,
    `/${first}//${end}`,
    `/${first}/./${end}`,
    `/${first}/x/../${end}`,
    `/x/..${path}`,
    `/./${first}/${end}`,
    `/${first}/%2e/${end}`,
    `/${first}/x/%2e%2e/${end}`,
    `/${first}%2f${end}`,
    `/${first}%2F${end}`,
    `/${first}%5c${end}`,
    `/${first}\\${end}`,
    `/${first.toUpperCase()}/${end}`,
    `/%${(first.charCodeAt(0)).toString(16)}${first.slice(1)}/${end}`,
    `/${first};x=1/${end}`,
    `/..;${path}`,
    `${path}//`,
    `${path}%00`,
    `${path}#x`,
    `http://gateway${path}`,
    `http://127.0.0.1:9001${path}`,
  ];
};

describe('paths with other spellings', () => {
  let ann: Account;
  before(async () => {
    ann = await register('ann');
  });
  const statusOf = async (method: string, path: string, url?: string): Promise<number | undefined> => {
    const headers = [`Authorization: Bearer ${ann.token}`];
    const answers = await exchangeBytes(requestText(`${method} ${path}`, headers), url);
    expect(answers, path).to.have.length(1);
    return answers[0]?.status;
  };

  for (const path of ['/users/me', '/admin/users'])
    it(`of ${path} are not routes, so no check by path can be bypassed`, async () => {
      for (const spelling of spellings(path)) expect(await statusOf('GET', spelling), spelling).to.be.oneOf([400, 404]);
    });

  it('never reach internal routes', async () => {
    for (const path of ['/internal/jwks', '/health/ready', '/health/live', '/metrics'])
      for (const spelling of [
        path,
        ...spellings(path),
        `/users/..${path}`,
        `/files/%2e%2e${path}`,
        `/docs/assets/..${path}`,
      ])
        expect(await statusOf('GET', spelling), spelling).to.be.oneOf([400, 404]);
  });

  it('never reach them with unknown methods either, on gateway or node', async () => {
    for (const [method, status] of [
      ['TRACE', 405],
      ['PATCH', 405],
      ['PROPFIND', 405],
      ['get', 400],
    ] as const)
      expect(await statusOf(method, '/users/me'), method).to.equal(status);
    for (const path of ['/users/me', '/internal/rooms', '/metrics', '/'])
      expect(await statusOf('GET', path, nodes()[0]), path).to.equal(404);
    const answers = await exchangeBytes('CONNECT 127.0.0.1:5432 HTTP/1.1\r\nHost: gateway\r\n\r\n');
    expect(answers.map(({ status }) => status)).to.deep.equal([405]);
  });
});
