// The signed identity that gateways and services send with internal calls: who calls, signed with a
// key that only the sender and the receiver have. Only the API gateway may name users.
import type { KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import { AppError } from '../errors.ts';
import type { Scope } from './scopes.ts';
import { SERVICES, type ServiceKeys, type ServiceName } from './service-keys.ts';

export type Role = 'user' | 'moderator' | 'admin';

export interface Caller {
  /** `key`: an application key that acts as nobody. */
  kind: 'user' | 'bot' | 'key';
  /** For `key` the id of the key. */
  user_id: string;
  /** For bots the id of the token, for keys the id of the key. */
  session_id: string;
  /** A key that may moderate has `moderator`, and reaches routes of staff by its scopes only. */
  role: Role;
  /** Limits bots, keys, and the persons as whom keys act. */
  scopes?: readonly Scope[];
  /** The key that acts as this person. */
  key_id?: string;
  /** Limits a bot's token to these rooms. */
  rooms?: readonly string[];
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
  service: ServiceName;
}
export type Identity = Caller | Anonymous | ServiceIdentity;

export const isCaller = (identity: Identity): identity is Caller =>
  identity.kind === 'user' || identity.kind === 'bot' || identity.kind === 'key';

/** The header of the signed identity. Gateways remove `x-chatapi-*` headers of clients. */
export const IDENTITY_HEADER = 'x-chatapi-caller';
/** As the release before sends it, signed with the one INTERNAL_SECRET_KEY. */
const LEGACY_HEADER = 'x-chatapi-identity';

/**
 * Marks the answer to a call whose identity was not accepted, so that its client does not take it
 * for the end of a session: it is an outage.
 */
export const REFUSED_HEADER = 'x-chatapi-refused';
const REFUSED = { [REFUSED_HEADER]: 'identity' };

const AUDIENCE = 'chatapi-inside';
const LIFETIME_S = 60;
const NAMES_USERS: ServiceName = 'api-gateway';

/** What a token holds: `iss` is the service that calls, `aud` the one that is called. */
type Claims = Partial<Identity> & { iss?: string; exp: number };

/** Longer than any internal call, and short enough to be worthless in a log. */
const sign = (key: KeyObject, claims: object, audience: string): string =>
  jwt.sign(claims, key, { algorithm: 'HS256', audience, expiresIn: LIFETIME_S });

/** @returns the headers of a call to `peer`. They may be sent again for half a minute. */
export function identityHeaders(keys: ServiceKeys, peer: ServiceName, identity: Identity): Record<string, string> {
  const headers = { [IDENTITY_HEADER]: sign(keys.signing('identity', peer), { ...identity, iss: keys.self }, peer) };
  if (keys.legacy === undefined) return headers;
  return { ...headers, [LEGACY_HEADER]: sign(keys.legacy, { ...identity }, AUDIENCE) };
}

// Services reuse a signed identity for 30 s and the gateway a caller's for 20 s, so verified ones
// are cached. Anonymous identities differ per request and are not.
const verified = new WeakMap<ServiceKeys, LRUCache<string, { identity: Identity; until: number }>>();
const MAX_REMEMBERED = 5000;

function remember(keys: ServiceKeys, signed: string, identity: Identity, exp: number): void {
  const known = verified.get(keys) ?? new LRUCache({ max: MAX_REMEMBERED });
  verified.set(keys, known.set(signed, { identity: Object.freeze(identity), until: exp * 1000 }));
}

const KINDS: unknown[] = ['user', 'bot', 'key', 'anonymous', 'service'] satisfies Identity['kind'][];

function refuseUnknown({ kind }: Claims): void {
  if (!KINDS.includes(kind)) throw new AppError('AUTHORIZATION_ERROR', 'This version does not know such a caller');
}

const refused = (cause?: unknown): AppError =>
  new AppError('AUTHENTICATION_ERROR', 'The passed identity is not valid', { cause, headers: REFUSED });

function open(signed: string, candidates: readonly KeyObject[], audience: string): Claims {
  let last: unknown;
  for (const key of candidates) {
    try {
      return jwt.verify(signed, key, { algorithms: ['HS256'], audience, maxAge: LIFETIME_S }) as Claims;
    } catch (cause) {
      last = cause;
    }
  }
  throw refused(last);
}

/** Read before the signature is verified, only to choose the key. */
function senderOf(signed: string): ServiceName {
  const claims = jwt.decode(signed);
  const sender = SERVICES.find((service) => service === (claims as { iss?: string } | null)?.iss);
  if (sender === undefined) throw refused();
  return sender;
}

function openIdentity(keys: ServiceKeys, signed: string): Claims {
  const sender = senderOf(signed);
  const claims = open(signed, keys.verifying('identity', sender), keys.self);
  refuseUnknown(claims);
  const isOwn = claims.kind === 'service' && claims.service === sender;
  if (!isOwn && (claims.kind === 'service' || sender !== NAMES_USERS))
    throw new AppError('AUTHORIZATION_ERROR', `${sender} may not speak for others`);
  return claims;
}

/** Whether a request carries an identity, valid or not. */
export const hasIdentity = (headers: IncomingHttpHeaders): boolean =>
  headers[IDENTITY_HEADER] !== undefined || headers[LEGACY_HEADER] !== undefined;

/**
 * @throws AppError AUTHENTICATION_ERROR when missing, forged or expired; AUTHORIZATION_ERROR for
 * what its sender may not say.
 */
export function verifyIdentity(keys: ServiceKeys, headers: IncomingHttpHeaders): Identity {
  const own = headers[IDENTITY_HEADER];
  const signed = own ?? (keys.legacy === undefined ? undefined : headers[LEGACY_HEADER]);
  if (typeof signed !== 'string')
    throw new AppError('AUTHENTICATION_ERROR', 'No identity was passed', { headers: REFUSED });
  const known = verified.get(keys)?.get(signed);
  if (known !== undefined && known.until > Date.now()) return known.identity;
  const claims = own === undefined ? open(signed, [keys.legacy as KeyObject], AUDIENCE) : openIdentity(keys, signed);
  const identity = claims as unknown as Identity;
  if (identity.kind !== 'anonymous') remember(keys, signed, identity, claims.exp);
  return identity;
}
