import { expect } from 'chai';
import Joi from 'joi';
import { type Route, route } from '../src/endpoint.ts';
import { describeRoutes } from '../src/openapi-operations.ts';
import type { SecuritySink } from '../src/security-log.ts';
import { anonymousIdentity, identityHeader, testKeys } from '../src/testing/identities.ts';
import { serveRoutes, silentSink } from '../src/testing/service.ts';
import type { StubServer } from '../src/testing/stub-server.ts';

const FORM = 'application/x-www-form-urlencoded';
const body = Joi.object<{ name: string; n?: number }>({ name: Joi.string().required(), n: Joi.number() });
const routes: Route<SecuritySink>[] = [
  route({
    method: 'post',
    path: '/form',
    summary: 'Form',
    who: 'anyone',
    form: true,
    body,
    rule: async (_, c) => c.body,
  }),
];

describe('a route that takes forms', () => {
  let server: StubServer;
  before(async () => {
    server = await serveRoutes({ ctx: { ...silentSink(), keys: testKeys('auth') } as never, routes });
  });
  after(() => server?.stop());

  const send = async (text: string, type = FORM) => {
    const headers = { ...identityHeader('auth', anonymousIdentity()), 'content-type': type };
    const answer = await fetch(`${server.url}/form`, { method: 'POST', headers, body: text });
    return { status: answer.status, json: (await answer.json()) as any };
  };

  it('reads a form in UTF-8, and JSON as well', async () => {
    expect((await send('name=a+b%2Fc%C3%A9')).json).to.deep.equal({ name: 'a b/cé' });
    expect((await send('name=a', `${FORM};charset=UTF-8`)).json).to.deep.equal({ name: 'a' });
    expect((await send('{"name":"a"}', 'application/json')).json).to.deep.equal({ name: 'a' });
  });

  for (const [text, path] of [
    ['name=a&name=b', 'name'],
    ['name=a&other=b', 'other'],
    ['name=a&__proto__=b', '__proto__'],
    ['name=', 'name'],
    ['n=1', 'name'],
    ['name=a%00b', 'name'],
    ['name=a&n=1', 'n'],
  ] as const)
    it(`names the field of ${text}`, async () => {
      const { status, json } = await send(text);
      expect([status, json.code, json.details.fields[0].path]).to.deep.equal([400, 'VALIDATION_ERROR', path]);
    });

  it('refuses other types, and what is too large', async () => {
    expect((await send('name=a', 'text/plain')).status).to.equal(415);
    expect((await send('name=a', `${FORM}x`)).status).to.equal(415);
    expect((await send(`name=${'a'.repeat(110_000)}`)).status).to.equal(413);
  });

  it('is documented with both types', () => {
    const described = JSON.stringify(describeRoutes(routes));
    expect(described).to.include('"content":{"application/json":').and.include(`"${FORM}":`);
  });
});
