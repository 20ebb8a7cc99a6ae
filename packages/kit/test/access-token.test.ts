import { createSecretKey, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto';
import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import {
  type AccessSettings,
  createAccessVerifier,
  isForgery,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from '../src/auth/verify-access-token.ts';
import type { AppError } from '../src/errors.ts';
import { thrownBy } from './thrown.ts';

const SECRET = 'an-access-secret-of-32-bytes-or-more';
const OLD = 'the-access-secret-that-was-there-before';
const seconds = (): number => Date.now() / 1000;
const claims = (more: object = {}): Record<string, unknown> => ({
  sub: 'usr_1',
  sid: 'ses_1',
  role: 'user',
  iss: TOKEN_ISSUER,
  aud: TOKEN_AUDIENCE,
  iat: seconds(),
  exp: Math.ceil(seconds()) + 60,
  ...more,
});
const drop = (name: string): Record<string, unknown> => {
  const { [name]: _, ...rest } = claims();
  return rest;
};
const hs = (payload: object, secret = SECRET, algorithm: jwt.Algorithm = 'HS256'): string =>
  jwt.sign(payload, secret, { algorithm });
const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const ed = (payload: object, key: KeyObject, header: object = { alg: 'EdDSA', kid: 'k1' }): string => {
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${signBytes(null, Buffer.from(text), key).toString('base64url')}`;
};
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'taken',
    (error: AppError) => error.code,
  );

describe('an access token', () => {
  const settings: AccessSettings = { JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: SECRET, JWT_SECRET_KEY_PREVIOUS: OLD };
  const { verify } = createAccessVerifier(settings);

  it('has its times read to the millisecond', async () => {
    const base = Math.floor(seconds()) - 10;
    const payload = claims({ iat: base + 0.123, exp: base + 100, role: 'admin' });
    expect(await verify(hs(payload))).to.deep.equal({
      user_id: 'usr_1',
      session_id: 'ses_1',
      role: 'admin',
      issued_at: base * 1000 + 123,
      expires_at: (base + 100) * 1000,
    });
  });

  it('of the previous secret is still valid, of any other is refused', async () => {
    expect(await verify(hs(claims(), OLD))).to.include({ user_id: 'usr_1' });
    expect(await codeOf(verify(hs(claims(), 'another-secret-of-at-least-32-bytes!!')))).to.equal(
      'AUTHENTICATION_ERROR',
    );
  });

  it('is refused with another algorithm, issuer, audience, without a claim, expired, unsigned, or when it is no token', async () => {
    const bad: Record<string, string> = {
      HS512: hs(claims(), SECRET, 'HS512'),
      issuer: hs(claims({ iss: 'other' })),
      audience: hs(claims({ aud: 'chatapi-inside' })),
      'no subject': hs(drop('sub')),
      'empty subject': hs(claims({ sub: '' })),
      'no session': hs(drop('sid')),
      'no expiry': hs(drop('exp')),
      'no role': hs(drop('role')),
      'unknown role': hs(claims({ role: 'root' })),
      expired: hs(claims({ iat: seconds() - 100, exp: Math.floor(seconds()) - 1 })),
      // Within the second, which the library rounds down.
      'expired a moment ago': hs(claims({ iat: seconds() - 100, exp: seconds() - 0.001 })),
      unsigned: `${encode({ alg: 'none' })}.${encode(claims())}.`,
      'no token': 'x',
      'three dots': '...',
      'null header': `${encode(null)}.${encode(claims())}.x`,
      'too long': `${hs(claims())}${'a'.repeat(5000)}`,
    };
    for (const [what, token] of Object.entries(bad))
      expect([what, await codeOf(verify(token))]).to.deep.equal([what, 'AUTHENTICATION_ERROR']);
  });

  it('that is cached is refused once it has expired', async () => {
    const token = hs(claims({ exp: Math.floor(seconds()) + 1 }));
    expect(await codeOf(verify(token))).to.equal('taken');
    expect(await codeOf(verify(token))).to.equal('taken');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await codeOf(verify(token))).to.equal('AUTHENTICATION_ERROR');
  });

  it('that lives for more than a day, or is from the future, is refused although its signature is right', async () => {
    const now = Math.floor(seconds());
    const day = 24 * 3600;
    expect(await codeOf(verify(hs(claims({ iat: now, exp: now + day }))))).to.equal('taken');
    expect(await codeOf(verify(hs(claims({ iat: now + 200, exp: now + 260 }))))).to.equal('taken');
    const bad = [
      { iat: now, exp: now + day + 60 },
      { iat: now, exp: now + 10 * 365 * day },
      { iat: now - 5 * day, exp: now + 60 },
      { iat: now + 3600, exp: now + 7200 },
      { iat: now + 10 * 365 * day, exp: now + 10 * 365 * day + 60 },
    ];
    for (const times of bad)
      expect([times, await codeOf(verify(hs(claims(times))))]).to.deep.equal([times, 'AUTHENTICATION_ERROR']);
  });

  it('is told from an expired one when it is forged', async () => {
    const two = createAccessVerifier({
      JWT_ALGORITHM: 'HS256',
      JWT_SECRET_KEY: SECRET,
      JWT_SECRET_KEY_PREVIOUS: `${SECRET}-previous`,
    });
    const forged = async (token: string): Promise<boolean> => isForgery(await thrownBy(two.verify(token)));
    const old = claims({ iat: seconds() - 100, exp: Math.floor(seconds()) - 1 });
    expect(await forged(hs(old))).to.equal(false);
    expect(await forged(hs(old, `${SECRET}-previous`))).to.equal(false);
    expect(await forged(hs(old, `${SECRET}-other`))).to.equal(true);
    expect(await forged(hs(claims({ iss: 'other' })))).to.equal(true);
    expect(await forged('x.y.z')).to.equal(true);
  });

  it('needs a secret for HS256', () => {
    expect(() => createAccessVerifier({ JWT_ALGORITHM: 'HS256' })).to.throw('JWT_SECRET_KEY');
  });
});

describe('an access token with a key pair', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const one = generateKeyPairSync('ed25519');
  const two = generateKeyPairSync('ed25519');
  const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: 'jwk' }), kid });

  it('is verified by the public key that its kid names', async () => {
    const rs = createAccessVerifier({ JWT_ALGORITHM: 'RS256' }, async () => ({ keys: [jwk(rsa.publicKey, 'r')] }));
    const token = jwt.sign(claims(), rsa.privateKey, { algorithm: 'RS256', keyid: 'r' });
    expect(await rs.verify(token)).to.include({ user_id: 'usr_1' });
    const eds = createAccessVerifier({ JWT_ALGORITHM: 'EdDSA' }, async () => ({
      keys: [jwk(one.publicKey, 'k1'), jwk(rsa.publicKey, 'r')],
    }));
    expect(await eds.verify(ed(claims(), one.privateKey))).to.include({ session_id: 'ses_1' });
    const bad = [
      ed(claims(), two.privateKey),
      ed(claims(), one.privateKey, { alg: 'HS256', kid: 'k1' }),
      ed(claims(), one.privateKey, { alg: 'EdDSA' }),
      ed(claims(), one.privateKey, { alg: 'EdDSA', kid: 'r' }),
      ed(claims({ nbf: seconds() + 600 }), one.privateKey),
      ed(claims({ iss: 'x' }), one.privateKey),
      ed(claims({ exp: 1 }), one.privateKey),
      `${ed(claims(), one.privateKey)}.more`,
      token,
    ];
    for (const text of bad) expect(await codeOf(eds.verify(text))).to.equal('AUTHENTICATION_ERROR');
  });

  it('can’t be forged with the public key as an HMAC secret', async () => {
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });
    const { verify } = createAccessVerifier({ JWT_ALGORITHM: 'RS256' }, async () => ({
      keys: [jwk(rsa.publicKey, 'r')],
    }));
    const header = encode({ alg: 'HS256', kid: 'r' });
    const signed = jwt.sign(claims(), createSecretKey(Buffer.from(pem)), { algorithm: 'HS256', keyid: 'r' });
    expect(signed.startsWith(header.slice(0, 10))).to.equal(true);
    expect(await codeOf(verify(signed))).to.equal('AUTHENTICATION_ERROR');
  });

  it('of a new key works once the keys are fetched again; before the first fetch every token gets 503', async () => {
    let keys = [jwk(one.publicKey, 'k1')];
    let away = true;
    let asked = 0;
    const { verify } = createAccessVerifier({ JWT_ALGORITHM: 'EdDSA' }, async () => {
      asked++;
      if (away) throw new Error('auth is away');
      return { keys };
    });
    expect(await codeOf(verify(ed(claims(), one.privateKey)))).to.equal('SERVICE_UNAVAILABLE');
    away = false;
    await new Promise((resolve) => setTimeout(resolve, 2100));
    expect(await codeOf(verify(ed(claims(), one.privateKey)))).to.equal('taken');
    keys = [...keys, jwk(two.publicKey, 'k2')];
    const fresh = ed(claims(), two.privateKey, { alg: 'EdDSA', kid: 'k2' });
    for (let i = 0; i < 20; i++) expect(await codeOf(verify(fresh))).to.equal('AUTHENTICATION_ERROR');
    expect(asked).to.equal(2);
    await new Promise((resolve) => setTimeout(resolve, 2100));
    expect(await codeOf(verify(fresh))).to.equal('taken');
  });

  it('gets the same result when there are more tokens than the cache holds', async function () {
    this.timeout(60_000);
    const { verify } = createAccessVerifier({ JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: SECRET });
    const key = createSecretKey(Buffer.from(SECRET));
    const token = (i: number): string => jwt.sign(claims({ sub: `usr_${i}`, exp: seconds() + 600 }), key);
    const first = token(0);
    await verify(first);
    for (let i = 1; i <= 20_001; i++) await verify(token(i));
    expect((await verify(first)).user_id).to.equal('usr_0');
  });
});
