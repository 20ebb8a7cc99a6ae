// Keys, tokens and a key server of an application, as tests of issuers need them.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { newId } from '@chatapi/kit';
import { type StubServer, startStubServer } from '@chatapi/kit/testing';
import { type JWTPayload, SignJWT } from 'jose';
import type { Auth } from './harness.ts';

export const ISSUER = 'https://app.example';
export const AUDIENCE = 'chat';

export interface KeyPair {
  alg: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
  jwk(kid?: string): Record<string, unknown>;
  pem: string;
}

function pairOf(alg: string, { privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }): KeyPair {
  return {
    alg,
    privateKey,
    publicKey,
    jwk: (kid) => ({ ...publicKey.export({ format: 'jwk' }), ...(kid === undefined ? {} : { kid }) }),
    pem: publicKey.export({ format: 'pem', type: 'spki' }) as string,
  };
}

export const rsa = (modulusLength = 2048): KeyPair => pairOf('RS256', generateKeyPairSync('rsa', { modulusLength }));
export const ec = (namedCurve = 'P-256', alg = 'ES256'): KeyPair =>
  pairOf(alg, generateKeyPairSync('ec', { namedCurve }));
export const ed25519 = (): KeyPair => pairOf('EdDSA', generateKeyPairSync('ed25519'));

export const now = (): number => Math.floor(Date.now() / 1000);

export interface TokenOptions {
  alg?: string;
  header?: Record<string, unknown>;
  claims?: Record<string, unknown>;
}

/** A token for `u1` that ends in five minutes, unless the claims say otherwise. */
export const tokenOf = (
  key: KeyObject | Uint8Array | string,
  { alg = 'RS256', header = {}, claims = {} }: TokenOptions = {},
): Promise<string> => {
  const payload = { iss: ISSUER, aud: AUDIENCE, sub: 'u1', iat: now(), exp: now() + 300, ...claims } as JWTPayload;
  const secret = typeof key === 'string' ? Buffer.from(key) : key;
  return new SignJWT(payload).setProtectedHeader({ alg, ...header }).sign(secret);
};

/** What jose would not sign. */
export const forged = (header: object, payload: object, signature = ''): string =>
  [...[header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')), signature].join('.');

export const createIssuer = async (auth: Auth, more: object): Promise<Record<string, any> & { id: string }> => {
  const body = {
    ...{ id: newId('iss'), issuer: ISSUER, audience: AUDIENCE, user_claim: 'sub', create_users: true, claims: {} },
    ...more,
  };
  const answer = await auth.inside('post', '/internal/issuers').send(body);
  const { status, body: said } = answer;
  if (status !== 201) throw Object.assign(new Error(JSON.stringify(said)), said, { status });
  return said;
};

export interface KeyServer extends StubServer {
  /** How often it was asked. */
  asked: number;
  keys: Record<string, unknown>[];
  /** Answers instead of the keys. */
  answer: RequestListener | undefined;
}

export async function startKeyServer(...keys: Record<string, unknown>[]): Promise<KeyServer> {
  const stub = await startStubServer((req, res) => {
    self.asked++;
    if (self.answer !== undefined) self.answer(req, res);
    else res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: self.keys }));
  });
  const self: KeyServer = { ...stub, asked: 0, keys, answer: undefined };
  return self;
}

export const privatePem = (pair: KeyPair): string => pair.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
export const privateJwk = (pair: KeyPair): Record<string, unknown> =>
  createPrivateKey(privatePem(pair)).export({ format: 'jwk' });

/** The user service, which knows no profile. `meanwhile` runs before it answers. */
export async function startUsers(): Promise<
  StubServer & { down: boolean; told: any[]; meanwhile(): Promise<unknown> }
> {
  const stub = await startStubServer((req, res) => {
    let text = '';
    req.on('data', (chunk) => {
      text += chunk;
    });
    req.on('end', async () => {
      await self.meanwhile();
      if (self.down) return void res.writeHead(503).end();
      const body = JSON.parse(text);
      if (req.url?.includes('changes')) self.told.push(...body.changes);
      const profiles = (body.changes ?? []).map(({ account, change }: any) => ({
        ...{ user_id: account.user_id, display_name: account.display_name, bio: '', avatar_url: null },
        ...change,
        custom: {},
        updated_at: new Date().toISOString(),
      }));
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ profiles }));
    });
  });
  const self = Object.assign(stub, {
    down: false,
    told: [] as any[],
    meanwhile: async (): Promise<unknown> => undefined,
  });
  return self;
}
