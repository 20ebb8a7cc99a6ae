// Owns: how the doors tell the services behind them who is calling, and how services tell each other who they are.
// Does not own: access tokens of clients (auth signs them, the doors verify them).
import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { AppError } from './errors.ts';

export type Role = 'user' | 'moderator' | 'admin';

export interface Caller {
  kind: 'user';
  user_id: string;
  session_id: string;
  role: Role;
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

/** Header that carries a sealed Identity inward. The doors remove a client's own `x-chatapi-*` headers. */
export const IDENTITY_HEADER = 'x-chatapi-identity';

const AUDIENCE = 'chatapi-inside';
const LIFETIME_S = 60;

/** The key that seals identities, derived so that INTERNAL_SECRET_KEY itself is used for nothing else. */
export const identityKey = (secret: string): KeyObject =>
  createSecretKey(createHash('sha256').update(`chatapi identity ${secret}`).digest());

/** Seals for 60 s: long enough for the slowest call inside, short enough to be worthless in a log. */
export const sealIdentity = (key: KeyObject, identity: Identity): string =>
  jwt.sign({ ...identity }, key, { algorithm: 'HS256', audience: AUDIENCE, expiresIn: LIFETIME_S });

// Services seal who they are once for many calls, the gateway a caller for 20 s: what was verified under a key is not verified again
// while it is good. Strangers are sealed anew with each request.
const verified = new WeakMap<KeyObject, Map<string, { identity: Identity; until: number }>>();
const MOST_REMEMBERED = 5000;

function remember(key: KeyObject, sealed: string, identity: Identity & { exp: number }): void {
  const known = verified.get(key) ?? new Map();
  if (known.size >= MOST_REMEMBERED) known.delete(known.keys().next().value as string);
  verified.set(key, known.set(sealed, { identity: Object.freeze(identity), until: identity.exp * 1000 }));
}

/** @throws AppError AUTHENTICATION_ERROR when missing, forged or expired. */
export function openIdentity(key: KeyObject, sealed: string | string[] | undefined): Identity {
  if (typeof sealed !== 'string') throw new AppError('AUTHENTICATION_ERROR', 'No identity was passed');
  const known = verified.get(key)?.get(sealed);
  if (known !== undefined && known.until > Date.now()) return known.identity;
  try {
    const claims = jwt.verify(sealed, key, { algorithms: ['HS256'], audience: AUDIENCE, maxAge: LIFETIME_S });
    const identity = claims as unknown as Identity & { exp: number };
    if (identity.kind !== 'anonymous') remember(key, sealed, identity);
    return identity;
  } catch (cause) {
    throw new AppError('AUTHENTICATION_ERROR', 'The passed identity is not valid', { cause });
  }
}
