// The signed identity that gateways and services send with internal calls.
import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import { AppError } from '../errors.ts';

export type Role = 'user' | 'moderator' | 'admin';

export interface Caller {
  kind: 'user';
  user_id: string;
  session_id: string;
  role: Role;
  /** When the access token was issued, in ms. Gateways of the previous release don't send it. */
  issued_at?: number;
  ip: string;
  user_agent?: string;
}
export interface Anonymous {
  kind: 'anonymous';
  ip: string;
  user_agent?: string;
}
export interface ServiceIdentity {
  kind: 'service';
  service: string;
}
export type Identity = Caller | Anonymous | ServiceIdentity;

/** The header of the signed identity. Gateways remove `x-chatapi-*` headers of clients. */
export const IDENTITY_HEADER = 'x-chatapi-identity';

const AUDIENCE = 'chatapi-inside';
const LIFETIME_S = 60;

/**
 * The key that signs identities, derived so that INTERNAL_SECRET_KEY itself is used for nothing
 * else.
 */
export const identityKey = (secret: string): KeyObject =>
  createSecretKey(createHash('sha256').update(`chatapi identity ${secret}`).digest());

/**
 * Signs an identity for 60 s: longer than any internal call, and short enough to be worthless in a
 * log.
 */
export const signIdentity = (key: KeyObject, identity: Identity): string =>
  jwt.sign({ ...identity }, key, { algorithm: 'HS256', audience: AUDIENCE, expiresIn: LIFETIME_S });

// Services reuse a signed identity for 30 s and the gateway a caller's for 20 s, so verified ones
// are cached. Anonymous identities differ per request and are not.
const verified = new WeakMap<KeyObject, LRUCache<string, { identity: Identity; until: number }>>();
const MAX_REMEMBERED = 5000;

function remember(key: KeyObject, signed: string, identity: Identity & { exp: number }): void {
  const known = verified.get(key) ?? new LRUCache({ max: MAX_REMEMBERED });
  verified.set(key, known.set(signed, { identity: Object.freeze(identity), until: identity.exp * 1000 }));
}

/** @throws AppError AUTHENTICATION_ERROR when missing, forged or expired. */
export function verifyIdentity(key: KeyObject, signed: string | string[] | undefined): Identity {
  if (typeof signed !== 'string') throw new AppError('AUTHENTICATION_ERROR', 'No identity was passed');
  const known = verified.get(key)?.get(signed);
  if (known !== undefined && known.until > Date.now()) return known.identity;
  try {
    const claims = jwt.verify(signed, key, { algorithms: ['HS256'], audience: AUDIENCE, maxAge: LIFETIME_S });
    const identity = claims as unknown as Identity & { exp: number };
    if (identity.kind !== 'anonymous') remember(key, signed, identity);
    return identity;
  } catch (cause) {
    throw new AppError('AUTHENTICATION_ERROR', 'The passed identity is not valid', { cause });
  }
}
