import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@chatapi/kit';
import { createAccessVerifier } from '@chatapi/kit/auth';
import { expect } from 'chai';
import { decodeProtectedHeader } from 'jose';
import jwt from 'jsonwebtoken';
import { config as fromEnvironment, schema } from '../src/config.ts';
import { openSigner, type Signer } from '../src/sign-access-token.ts';
import { type Auth, configOf, environment, openAuth } from './harness.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed = generateKeyPairSync('ed25519');
const pem = (key: { export(o: { type: 'pkcs8'; format: 'pem' }): string | Buffer }): string =>
  String(key.export({ type: 'pkcs8', format: 'pem' }));
const publicPem = (key: { export(o: { type: 'spki'; format: 'pem' }): string | Buffer }): string =>
  String(key.export({ type: 'spki', format: 'pem' }));
const grant = () => ({
  user_id: 'usr_1',
  session_id: 'ses_1',
  role: 'user' as const,
  issued_at: Date.now(),
  expires_in: 1800,
});
const verifierOf = (signer: Signer, JWT_ALGORITHM: 'HS256' | 'RS256' | 'EdDSA') =>
  createAccessVerifier(
    { JWT_ALGORITHM, JWT_SECRET_KEY: environment().JWT_SECRET_KEY },
    async () => signer.jwks() as never,
  );
const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: { code: string }) => error.code,
  );

const ALGORITHMS = ['HS256', 'RS256', 'EdDSA'] as const;

describe('access tokens', () => {
  const signers = {} as Record<(typeof ALGORITHMS)[number], Signer>;
  before(async () => {
    signers.HS256 = await openSigner(configOf());
    signers.RS256 = await openSigner(configOf({ JWT_ALGORITHM: 'RS256', JWT_PRIVATE_KEY: pem(rsa.privateKey) }));
    signers.EdDSA = await openSigner(
      configOf({ JWT_ALGORITHM: 'EdDSA', JWT_PRIVATE_KEY: pem(ed.privateKey).replaceAll('\n', '\\n') }),
    );
  });

  for (const algorithm of ALGORITHMS) {
    it(`by ${algorithm} are verified by the gateways, with user, session, role and times`, async () => {
      const signer = signers[algorithm];
      const given = grant();
      const claims = await verifierOf(signer, algorithm).verify(await signer.sign(given));
      expect(claims).to.deep.include({
        user_id: 'usr_1',
        session_id: 'ses_1',
        role: 'user',
        issued_at: given.issued_at,
      });
      expect(claims.expires_at - given.issued_at).to.be.within(1_800_000, 1_801_000);
      expect(signer.expiresIn).to.equal(1800);
    });

    it(`by ${algorithm} are refused when one character is changed`, async () => {
      const signer = signers[algorithm];
      const [header, payload, signature] = (await signer.sign(grant())).split('.') as [string, string, string];
      const forged = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('"user"', '"admin"')).toString(
        'base64url',
      );
      expect(await refusal(verifierOf(signer, algorithm).verify(`${header}.${forged}.${signature}`))).to.equal(
        'AUTHENTICATION_ERROR',
      );
    });
  }

  it('publish public keys only, with a key id that the tokens bear', async () => {
    expect(signers.HS256.jwks()).to.deep.equal({ keys: [] });
    for (const algorithm of ['RS256', 'EdDSA'] as const) {
      const [key] = signers[algorithm].jwks().keys;
      expect(key).to.not.have.any.keys('d', 'p', 'q');
      expect(key).to.include({ alg: algorithm, use: 'sig' });
      const header = decodeProtectedHeader(await signers[algorithm].sign(grant()));
      expect(header).to.deep.equal({ alg: algorithm, typ: 'JWT', kid: key?.kid });
    }
  });

  it('signed with a public key as HMAC secret (algorithm confusion) or with none are refused', async () => {
    const claims = {
      sub: 'usr_1',
      sid: 's',
      role: 'admin',
      iss: 'chatapi',
      aud: 'chatapi',
      exp: Date.now() / 1000 + 60,
    };
    const verifier = verifierOf(signers.RS256, 'RS256');
    const kid = signers.RS256.jwks().keys[0]?.kid;
    const confused = jwt.sign(claims, Buffer.from(publicPem(rsa.publicKey)), { algorithm: 'HS256', keyid: kid });
    const none = jwt.sign(claims, '', { algorithm: 'none', keyid: kid });
    expect(await refusal(verifier.verify(confused))).to.equal('AUTHENTICATION_ERROR');
    expect(await refusal(verifier.verify(none))).to.equal('AUTHENTICATION_ERROR');
  });

  it('of the previous key stay valid after a change of keys, until they expire', async () => {
    const young = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const changed = await openSigner(
      configOf({
        JWT_ALGORITHM: 'RS256',
        JWT_PRIVATE_KEY: pem(young.privateKey),
        JWT_PREVIOUS_PUBLIC_KEYS: publicPem(rsa.publicKey) + publicPem(ed.publicKey),
      }),
    );
    expect(changed.jwks().keys).to.have.length(3);
    const verifier = verifierOf(changed, 'RS256');
    for (const token of [await signers.RS256.sign(grant()), await changed.sign(grant())])
      expect(await refusal(verifier.verify(token))).to.equal('accepted');
  });

  it('publish their keys to other services only', async () => {
    const auth: Auth = await openAuth({ JWT_ALGORITHM: 'EdDSA', JWT_PRIVATE_KEY: pem(ed.privateKey) });
    try {
      expect((await auth.inside('get', '/internal/jwks')).body.keys).to.have.length(1);
      expect((await auth.ask('get', '/internal/jwks')).status).to.equal(403);
      const { access_token } = await auth.register('signed');
      expect((await verifierOf(auth.ctx.signer, 'EdDSA').verify(access_token)).role).to.equal('user');
    } finally {
      await auth.close();
    }
  });
});

describe('settings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'auth-keys-'));
  after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it('take a private key from a file', async () => {
    const signer = await openSigner(
      readConfig(schema, {
        ...environment({ JWT_ALGORITHM: 'RS256' }),
        JWT_PRIVATE_KEY_FILE: file('rsa.pem', pem(rsa.privateKey)),
      }),
    );
    expect(signer.jwks().keys).to.have.length(1);
  });

  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  for (const [what, [env, name]] of Object.entries<[Record<string, string>, string]>({
    'no secret': [{ JWT_SECRET_KEY: undefined as never }, 'JWT_SECRET_KEY'],
    'a short secret': [{ JWT_SECRET_KEY: 'kJ8#mQ2$vX' }, 'JWT_SECRET_KEY'],
    'the documented sample secret': [{ JWT_SECRET_KEY: 'your-secret-key-here' }, 'JWT_SECRET_KEY'],
    'an algorithm that is none': [{ JWT_ALGORITHM: 'none' }, 'JWT_ALGORITHM'],
    'RS256 without a key': [{ JWT_ALGORITHM: 'RS256' }, 'JWT_PRIVATE_KEY'],
    'RS256 with an Ed25519 key': [{ JWT_ALGORITHM: 'RS256', JWT_PRIVATE_KEY: pem(ed.privateKey) }, 'JWT_PRIVATE_KEY'],
    'an RSA key of 1024 bits': [{ JWT_ALGORITHM: 'RS256', JWT_PRIVATE_KEY: pem(weak.privateKey) }, 'JWT_PRIVATE_KEY'],
    'a key that is none': [{ JWT_PRIVATE_KEY: 'hello' }, 'JWT_PRIVATE_KEY'],
    'a broken previous key': [
      { JWT_PREVIOUS_PUBLIC_KEYS: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----' },
      'JWT_PREVIOUS_PUBLIC_KEYS',
    ],
    'an admin without a password': [{ ADMIN_USERNAME: 'admin', ADMIN_EMAIL: 'a@example.com' }, 'ADMIN_PASSWORD'],
    'an admin with a weak password': [
      { ADMIN_USERNAME: 'admin', ADMIN_EMAIL: 'a@example.com', ADMIN_PASSWORD: 'chatapi2026' },
      'ADMIN_PASSWORD',
    ],
    'an admin whose password is the own name': [
      { ADMIN_USERNAME: 'superuser', ADMIN_EMAIL: 'a@example.com', ADMIN_PASSWORD: 'superuser1' },
      'ADMIN_PASSWORD',
    ],
    'a user service that is no URL': [{ USER_INTERNAL_URL: 'localhost:9002' }, 'USER_INTERNAL_URL'],
    'tokens for longer than a day': [{ JWT_EXPIRE_MINUTES: '1441' }, 'JWT_EXPIRE_MINUTES'],
  })) {
    it(`with ${what} are refused with the name of the bad one`, () => {
      expect(() => configOf(env)).to.throw(name);
    });
  }

  it('are read from the environment', () => {
    const before = { ...process.env };
    Object.assign(process.env, environment({ JWT_EXPIRE_MINUTES: '5' }));
    expect(fromEnvironment().JWT_EXPIRE_MINUTES).to.equal(5);
    process.env = before;
  });
});
