import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import { identityKey, openIdentity, sealIdentity } from '../src/identity.ts';
import { newId, requestIdFrom } from '../src/ids.ts';

const key = identityKey('a-secret-for-this-test-of-32-bytes');
const caller = { kind: 'user', user_id: 'usr_1', session_id: 'ses_1', role: 'user', ip: '10.0.0.1' } as const;

describe('identity', () => {
  it('opens what was sealed with the same secret', () => {
    expect(openIdentity(key, sealIdentity(key, caller))).to.include(caller);
  });

  it('refuses a missing, foreign, tampered, unsigned or expired seal', () => {
    const sealed = sealIdentity(key, caller);
    const [header, , signature] = sealed.split('.');
    const admin = Buffer.from(JSON.stringify({ ...caller, role: 'admin', aud: 'chatapi-inside' })).toString(
      'base64url',
    );
    const attacks = [
      undefined,
      ['a', 'b'],
      sealIdentity(identityKey('another secret'), caller),
      `${header}.${admin}.${signature}`,
      jwt.sign({ ...caller, aud: 'chatapi-inside' }, '', { algorithm: 'none' }),
      jwt.sign({ ...caller, iat: Math.floor(Date.now() / 1000) - 120 }, key, {
        audience: 'chatapi-inside',
        expiresIn: 600,
      }),
      jwt.sign({ ...caller }, key, { audience: 'chatapi', expiresIn: 60 }),
    ];
    for (const attack of attacks)
      expect(() => openIdentity(key, attack))
        .to.throw()
        .with.property('code', 'AUTHENTICATION_ERROR');
  });

  it('remembers thousands of seals, not more and more', () => {
    const own = identityKey('a secret of this test alone');
    const seals = Array.from({ length: 6000 }, (_, i) => sealIdentity(own, { ...caller, user_id: `usr_${i}` }));
    const first = openIdentity(own, seals[0]);
    expect(openIdentity(own, seals[0])).to.equal(first);
    for (const [i, seal] of seals.entries()) expect(openIdentity(own, seal)).to.include({ user_id: `usr_${i}` });
    expect(openIdentity(own, seals[0])).not.to.equal(first);
  });

  for (const who of [{ kind: 'service', service: 'message' }, caller] as const)
    it(`remembers the seal of a ${who.kind} only while it is good, and for its own secret`, async () => {
      const short = jwt.sign({ ...who }, key, { audience: 'chatapi-inside', expiresIn: 1 });
      for (let i = 0; i < 3; i++) expect(openIdentity(key, short)).to.include(who);
      expect(() => openIdentity(identityKey('another secret'), short)).to.throw();
      await new Promise((resolve) => setTimeout(resolve, 2100));
      expect(() => openIdentity(key, short)).to.throw();
    });

  it('what is remembered can’t be changed by who is given it', () => {
    const seal = sealIdentity(key, caller);
    expect(() => Object.assign(openIdentity(key, seal), { role: 'admin' })).to.throw(TypeError);
    expect(openIdentity(key, seal)).to.include(caller);
  });
});

describe('ids', () => {
  it('sort by the time of their creation and bear their kind', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) {
      ids.push(newId('msg'));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect([...ids].sort()).to.deep.equal(ids);
    expect(ids[0]).to.match(/^msg_[0-9a-f]{32}$/);
  });

  it('keeps a well-formed request id and replaces any other', () => {
    expect(requestIdFrom('client-id.1_x')).to.equal('client-id.1_x');
    for (const bad of [undefined, 'abc', 'x'.repeat(129), 'a b c d', 'a\nbcd', ['abcd', 'efgh']]) {
      expect(requestIdFrom(bad)).to.match(/^req_/);
    }
  });
});
