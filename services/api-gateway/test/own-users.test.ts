import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { ask, bearer, startGateway, type TestGateway } from './harness.ts';

describe('API gateway and an application’s own users', () => {
  let gateway: TestGateway;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway?.stop());
  beforeEach(() => void gateway.seen.splice(0));

  it('forwards an application’s own id as it is written', async () => {
    for (const id of ['a%2Fb%5C', '%2e%2e%2Fadmin%2Fusers', '%2E%2E', '%F0%9F%91%8D', 'a%252Fb', '%00']) {
      const path = `/app/users/${id}/tokens?x=1`;
      expect((await ask(gateway, path, { method: 'POST', headers: bearer('usr_1') })).status).to.equal(200);
      expect(gateway.seen.at(-1)).to.include({ method: 'POST', url: path });
    }
  });

  it('takes a batch of users of 4 MiB, with or without Content-Length, and no byte more', async () => {
    const max = 4 * 1024 * 1024;
    const headers = { ...bearer('usr_1'), 'content-type': 'application/json' };
    for (const chunked of [false, true]) {
      const send = (bytes: number) => {
        const body = Buffer.alloc(bytes, 'x');
        const given = chunked ? { ...headers, 'transfer-encoding': 'chunked' } : headers;
        return ask(gateway, '/app/users/batch', { method: 'POST', headers: given, body });
      };
      expect((await send(max)).status).to.equal(200);
      expect(gateway.seen.at(-1)?.body).to.have.length(max);
      const over = await send(max + 1);
      expect([over.status, over.json.code, over.json.details]).to.deep.equal([
        413,
        'PAYLOAD_TOO_LARGE',
        { limit_bytes: max },
      ]);
    }
  });

  it('tells a deactivated user from a banned one', async () => {
    const at = new Date().toISOString();
    gateway.revocations.push(
      { seq: 9001, kind: 'ban', subject: 'usr_off', at, reason: 'deactivated' },
      { seq: 9002, kind: 'ban', subject: 'usr_bad', at },
    );
    await eventually(async () => {
      const [off, bad] = await Promise.all(
        ['usr_off', 'usr_bad'].map((id) => ask(gateway, '/users/me', { headers: bearer(id) })),
      );
      expect([off?.status, off?.json.details]).to.deep.equal([403, { reason: 'deactivated' }]);
      expect([bad?.status, bad?.json.details]).to.deep.equal([403, {}]);
    });
  });
});
