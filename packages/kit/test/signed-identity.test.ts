import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import { identityKey, signIdentity, verifyIdentity } from '../src/auth/signed-identity.ts';
import { newId, requestIdFrom } from '../src/ids.ts';

const key = identityKey('a-secret-for-this-test-of-32-bytes');
const caller = { kind: 'user', user_id: 'usr_1', session_id: 'ses_1', role: 'user', ip: '10.0.0.1' } as const;

describe('identity', () => {
  it('is verified with the secret that signed it', () => {
    expect(verifyIdentity(key, signIdentity(key, caller))).to.include(caller);
  });

  it('is refused when missing, foreign, tampered with, unsigned or expired', () => {
    const sealed = signIdentity(key, caller);
    const [header, , signature] = sealed.split('.');
    const admin = Buffer.from(JSON.stringify({ ...caller, role: 'admin', aud: 'chatapi-inside' })).toString(
      'base64url',
    );
    const attacks = [
      undefined,
      ['a', 'b'],
      signIdentity(identityKey('another secret'), caller),
      `${header}.${admin}.${signature}`,
      jwt.sign({ ...caller, aud: 'chatapi-inside' }, '', { algorithm: 'none' }),
      jwt.sign({ ...caller, iat: Math.floor(Date.now() / 1000) - 120 }, key, {
        audience: 'chatapi-inside',
        expiresIn: 600,
      }),
      jwt.sign({ ...caller }, key, { audience: 'chatapi', expiresIn: 60 }),
    ];
    for (const attack of attacks)
      expect(() => verifyIdentity(key, attack))
        .to.throw()
        .with.property('code', 'AUTHENTICATION_ERROR');
  });

  it('is cached, for a bounded number of identities', () => {
    const own = identityKey('a secret of this test alone');
    const seals = Array.from({ length: 6000 }, (_, i) => signIdentity(own, { ...caller, user_id: `usr_${i}` }));
    const first = verifyIdentity(own, seals[0]);
    expect(verifyIdentity(own, seals[0])).to.equal(first);
    for (const [i, seal] of seals.entries()) expect(verifyIdentity(own, seal)).to.include({ user_id: `usr_${i}` });
    expect(verifyIdentity(own, seals[0])).not.to.equal(first);
  });

  for (const who of [{ kind: 'service', service: 'message' }, caller] as const)
    it(`of a ${who.kind} is cached only until it expires, and per secret`, async () => {
      const short = jwt.sign({ ...who }, key, { audience: 'chatapi-inside', expiresIn: 1 });
      for (let i = 0; i < 3; i++) expect(verifyIdentity(key, short)).to.include(who);
      expect(() => verifyIdentity(identityKey('another secret'), short)).to.throw();
      await new Promise((resolve) => setTimeout(resolve, 2100));
      expect(() => verifyIdentity(key, short)).to.throw();
    });

  it('is frozen, so that no caller can change the cached one', () => {
    const seal = signIdentity(key, caller);
    expect(() => Object.assign(verifyIdentity(key, seal), { role: 'admin' })).to.throw(TypeError);
    expect(verifyIdentity(key, seal)).to.include(caller);
  });
});

describe('ids', () => {
  it('sort by creation time and start with their kind', async () => {
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
