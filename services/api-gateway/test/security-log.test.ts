import { collectSecurityLines, eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import { ask, bearer, SECRET, startGateway, type TestGateway, tokenOf } from './harness.ts';

describe('the security log of the gateway', () => {
  let gateway: TestGateway;
  let lines: Record<string, unknown>[];
  before(async () => {
    gateway = await startGateway({ env: { RATE_LIMIT_REGISTRATIONS: '1', TRUSTED_PROXIES: '127.0.0.1' } });
    lines = collectSecurityLines(gateway.ctx);
  });
  beforeEach(() => void lines.splice(0));
  after(() => gateway?.stop());

  const me = (token: string, more: Record<string, string> = {}) =>
    ask(gateway, '/users/me', { headers: { authorization: `Bearer ${token}`, ...more } });

  it('has forged tokens with the address, and neither expired ones nor a missing one', async () => {
    const expired = jwt.sign({ ...(jwt.decode(tokenOf('usr_a')) as object), iat: 1000, exp: 2000 }, SECRET);
    expect((await me(expired)).status).to.equal(401);
    expect((await ask(gateway, '/users/me')).status).to.equal(401);
    expect((await me(tokenOf('usr_a'))).status).to.equal(200);
    expect(lines).to.deep.equal([]);
    const { headers } = await me(`${tokenOf('usr_a')}x`, { 'x-forwarded-for': '203.0.113.4' });
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({ event: 'token.forged', ip: '203.0.113.4', request_id: headers['x-request-id'] });
    expect(JSON.stringify(lines)).not.to.include(tokenOf('usr_a').split('.')[2]);
  });

  it('has tokens of ended sessions and of banned users', async () => {
    const at = new Date().toISOString();
    gateway.revocations.push(
      { seq: 1, kind: 'session', subject: 'ses_usr_b', at },
      { seq: 2, kind: 'ban', subject: 'usr_c', at },
    );
    await eventually(async () => (await me(tokenOf('usr_b'))).status === 401);
    expect((await me(tokenOf('usr_c'))).status).to.equal(403);
    expect(lines.map(({ event, user_id, session_id }) => [event, user_id, session_id])).to.deep.equal([
      ['token.revoked', 'usr_b', 'ses_usr_b'],
      ['token.revoked', 'usr_c', 'ses_usr_c'],
    ]);
  });

  it('has the limits that registrations meet', async () => {
    const register = () =>
      ask(gateway, '/users/register', {
        method: 'POST',
        headers: { ...bearer('usr_d'), 'x-forwarded-for': `2001:db8:${process.pid.toString(16)}::1` },
        body: '{}',
      });
    expect((await register()).status).to.equal(200);
    expect(lines).to.deep.equal([]);
    expect((await register()).status).to.equal(429);
    expect(lines[0]).to.include({
      event: 'limit.reached',
      user_id: 'usr_d',
      reason: 'registrations',
      action: 'POST /users/register',
    });
  });
});
