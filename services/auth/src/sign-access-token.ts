// Signs access tokens and publishes the public keys. Only this service has the private key; the
// gateways verify.
import { createSecretKey, type KeyObject } from 'node:crypto';
import { type Role, TOKEN_AUDIENCE, TOKEN_ISSUER } from '@chatapi/kit/auth';
import { SignJWT } from 'jose';
import jwt from 'jsonwebtoken';
import type { Config } from './config.ts';
import { type Algorithm, type PublicJwk, publicJwk, readPrivateKey, readPublicKeys } from './signing-keys.ts';

interface AccessGrant {
  user_id: string;
  session_id: string;
  role: Role;
  /** Milliseconds by the database's clock, as revocations have it: clock skew does not matter. */
  issued_at: number;
  /** Seconds. */
  expires_in: number;
}

export interface Signer {
  sign(grant: AccessGrant): Promise<string>;
  /** Maximum lifetime of a token in seconds. */
  expiresIn: number;
  /** Empty for HS256, which has no public key. */
  jwks(): { keys: PublicJwk[] };
}

async function signingKey(config: Config): Promise<{ algorithm: Algorithm; key: KeyObject; kid?: string }> {
  const algorithm = config.JWT_ALGORITHM;
  if (algorithm === 'HS256') return { algorithm, key: createSecretKey(Buffer.from(config.JWT_SECRET_KEY as string)) };
  const key = readPrivateKey(config.JWT_PRIVATE_KEY as string, algorithm);
  return { algorithm, key, kid: (await publicJwk(key)).kid };
}

/** @throws when the key does not fit the algorithm: the service must not start with it. */
export async function openSigner(config: Config): Promise<Signer> {
  const { algorithm, key, kid } = await signingKey(config);
  const previous = readPublicKeys(config.JWT_PREVIOUS_PUBLIC_KEYS ?? '');
  const keys = await Promise.all([...(kid === undefined ? [] : [key]), ...previous].map(publicJwk));
  const expiresIn = config.JWT_EXPIRE_MINUTES * 60;
  return {
    expiresIn,
    jwks: () => ({ keys }),
    async sign({ user_id, session_id, role, issued_at, expires_in }) {
      const iat = issued_at / 1000;
      const claims = {
        sub: user_id,
        sid: session_id,
        role,
        iss: TOKEN_ISSUER,
        aud: TOKEN_AUDIENCE,
        iat,
        exp: Math.ceil(iat) + expires_in,
      };
      // jsonwebtoken has no EdDSA.
      if (algorithm === 'EdDSA')
        return new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: 'JWT', kid: kid as string }).sign(key);
      return jwt.sign(claims, key, { algorithm, ...(kid === undefined ? {} : { keyid: kid }) });
    },
  };
}
