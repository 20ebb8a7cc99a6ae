// Owns: signing access tokens and publishing the public keys. Only this service holds the private key.
// Does not own: verifying them (the doors do).
import { createSecretKey, type KeyObject, sign as signBytes } from 'node:crypto';
import type { Role } from '@chatapi/kit';
import jwt from 'jsonwebtoken';
import type { Config } from './config.ts';
import { type Algorithm, type PublicJwk, publicJwk, readPrivateKey, readPublicKeys } from './keys.ts';

const ISSUER = 'chatapi';
const AUDIENCE = 'chatapi';

export interface AccessGrant {
  user_id: string;
  session_id: string;
  role: Role;
  /** Milliseconds by the database's clock: revocations bear the same clock, so neither clock skew nor rounding matters. */
  issued_at: number;
}

export interface Signer {
  sign(grant: AccessGrant): string;
  /** Seconds that a token is good for. */
  expiresIn: number;
  /** Empty for HS256: there is nothing public. */
  jwks(): { keys: PublicJwk[] };
}

/** EdDSA (RFC 8037) is not among jsonwebtoken's algorithms; the compact form is RFC 7515 §7.1. */
function signEdDsa(claims: object, key: KeyObject, kid: string): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const text = `${encode({ alg: 'EdDSA', typ: 'JWT', kid })}.${encode(claims)}`;
  return `${text}.${signBytes(null, Buffer.from(text), key).toString('base64url')}`;
}

function signingKey(config: Config): { algorithm: Algorithm; key: KeyObject; kid?: string } {
  const algorithm = config.JWT_ALGORITHM;
  if (algorithm === 'HS256') return { algorithm, key: createSecretKey(Buffer.from(config.JWT_SECRET_KEY as string)) };
  const key = readPrivateKey((config.JWT_PRIVATE_KEY ?? config.JWT_PRIVATE_KEY_FILE) as string, algorithm);
  return { algorithm, key, kid: publicJwk(key).kid };
}

/** @throws when the key does not fit the algorithm: the service must not come up with it. */
export function openSigner(config: Config): Signer {
  const { algorithm, key, kid } = signingKey(config);
  const previous = readPublicKeys(config.JWT_PREVIOUS_PUBLIC_KEYS ?? config.JWT_PREVIOUS_PUBLIC_KEYS_FILE ?? '');
  const keys = [...(kid === undefined ? [] : [publicJwk(key)]), ...previous.map(publicJwk)];
  const expiresIn = config.JWT_EXPIRE_MINUTES * 60;
  return {
    expiresIn,
    jwks: () => ({ keys }),
    sign({ user_id, session_id, role, issued_at }) {
      const iat = issued_at / 1000;
      const claims = {
        sub: user_id,
        sid: session_id,
        role,
        iss: ISSUER,
        aud: AUDIENCE,
        iat,
        exp: Math.ceil(iat) + expiresIn,
      };
      if (algorithm === 'EdDSA') return signEdDsa(claims, key, kid as string);
      return jwt.sign(claims, key, { algorithm, ...(kid === undefined ? {} : { keyid: kid }) });
    },
  };
}
