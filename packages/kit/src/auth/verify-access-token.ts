// Verification of clients' access tokens in the gateways: pinned algorithm, issuer, audience,
// expiry, subject and session. Whether the session was revoked since: revocations.ts.
import { createSecretKey, KeyObject } from 'node:crypto';
import { type CryptoKey, createLocalJWKSet, decodeProtectedHeader, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import { AppError, unavailable } from '../errors.ts';
import type { Scope } from './scopes.ts';
import type { Role } from './signed-identity.ts';

export const TOKEN_ISSUER = 'chatapi';
export const TOKEN_AUDIENCE = 'chatapi';

export interface AccessClaims {
  user_id: string;
  session_id: string;
  role: Role;
  /**
   * Milliseconds. Tokens hold fractions of a second, to order a login and a revocation within one
   * second.
   */
  issued_at: number;
  /** Milliseconds. */
  expires_at: number;
  /** Only with application keys and bot tokens (verify-credential.ts); meaning as in `Caller`. */
  kind?: 'bot' | 'key';
  scopes?: readonly Scope[];
  key_id?: string;
  rooms?: readonly string[];
}

export interface AccessSettings {
  JWT_ALGORITHM: 'HS256' | 'RS256' | 'EdDSA';
  JWT_SECRET_KEY?: string;
  /** Verifies tokens from before a change of JWT_SECRET_KEY, until they have expired. */
  JWT_SECRET_KEY_PREVIOUS?: string;
}

export interface AccessVerifier {
  /** @throws AUTHENTICATION_ERROR; SERVICE_UNAVAILABLE while no public keys are known. */
  verify(token: string): Promise<AccessClaims>;
}

type Algorithm = AccessSettings['JWT_ALGORITHM'];
type Key = KeyObject | CryptoKey;

const CACHE_SIZE = 20_000;
const MAX_TOKEN_LENGTH = 4096;
const JWKS_FRESH_MS = 60_000;
const JWKS_RETRY_MS = 2000;
const ROLES: unknown[] = ['user', 'moderator', 'admin'] satisfies Role[];

/** A day, as JWT_EXPIRE_MINUTES allows; auth rounds `exp` up to the next second. */
const MAX_LIFETIME_S = 24 * 3600 + 1;
/** How far the clocks of the database and of a gateway may differ. */
const MAX_SKEW_S = 300;

const refused = (cause?: unknown): AppError =>
  new AppError('AUTHENTICATION_ERROR', 'The access token is not valid or has expired', { cause });

function keyIdOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch (cause) {
    throw refused(cause);
  }
}

/** jsonwebtoken has no EdDSA; jose verifies it. */
async function verifySignature(token: string, algorithm: Algorithm, key: Key): Promise<unknown> {
  const expected = { issuer: TOKEN_ISSUER, audience: TOKEN_AUDIENCE };
  if (algorithm === 'EdDSA') return (await jwtVerify(token, key, { ...expected, algorithms: [algorithm] })).payload;
  return jwt.verify(token, key instanceof KeyObject ? key : KeyObject.from(key), {
    ...expected,
    algorithms: [algorithm],
  });
}

class Expired extends Error {}

/** Whether the token was good once. */
const isExpiry = (cause: unknown): boolean =>
  cause instanceof Expired || cause instanceof jwt.TokenExpiredError || cause instanceof errors.JWTExpired;

/** Whether `verify` refused what auth did not sign, or not as it signs. */
export const isForgery = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'AUTHENTICATION_ERROR' && !isExpiry(error.cause);

/**
 * A key that leaked could sign a token for years, which no revocation of ours would outlive.
 * Revocations are kept for a day.
 */
function requireShortLife(iat: number, exp: number): void {
  if (exp - iat > MAX_LIFETIME_S) throw new Error('the token lives for more than a day');
  if (iat > Date.now() / 1000 + MAX_SKEW_S) throw new Error('the token is from the future');
}

function claimsOf(payload: unknown): AccessClaims {
  const { sub, sid, role, exp, iat } = payload as Record<string, unknown>;
  const complete =
    typeof sub === 'string' &&
    sub !== '' &&
    typeof sid === 'string' &&
    sid !== '' &&
    typeof exp === 'number' &&
    typeof iat === 'number' &&
    ROLES.includes(role);
  if (!complete) throw new Error('a claim is missing');
  if (exp * 1000 <= Date.now()) throw new Expired('the token has expired');
  requireShortLife(iat, exp);
  // The product of a binary fraction may miss the whole millisecond by less than one.
  return {
    user_id: sub,
    session_id: sid,
    role: role as Role,
    issued_at: Math.round(iat * 1000),
    expires_at: exp * 1000,
  };
}

/** Keys that may have signed a token with this `kid`, newest first. */
type KeySource = (kid: string | undefined) => Promise<Key[]>;

function secretKeys(settings: AccessSettings): KeySource {
  const secrets = [settings.JWT_SECRET_KEY, settings.JWT_SECRET_KEY_PREVIOUS].filter((secret) => secret !== undefined);
  if (secrets.length === 0) throw new Error('JWT_SECRET_KEY is needed for HS256');
  const keys = secrets.map((secret) => createSecretKey(Buffer.from(secret)));
  return async () => keys;
}

/**
 * The public keys of auth: fetched again once a minute, and at once for an unknown `kid`. jose's
 * createRemoteJWKSet would do this too, but it waits for the fetch when its keys are old, and it
 * accepts a token without a `kid`. Here known keys keep working while auth is away.
 */
function publicKeys(algorithm: Algorithm, fetchJwks: () => Promise<JSONWebKeySet>, onChange: () => void): KeySource {
  const type = algorithm === 'EdDSA' ? 'OKP' : 'RSA';
  let known = new Set<string | undefined>();
  let find = createLocalJWKSet({ keys: [] });
  let fetchedAt = 0;
  let fetching: Promise<void> | undefined;
  async function refresh(): Promise<void> {
    fetchedAt = Date.now();
    const keys = (await fetchJwks()).keys.filter(({ kty }) => kty === type);
    find = createLocalJWKSet({ keys });
    known = new Set(keys.map(({ kid }) => kid));
    onChange();
  }
  return async (kid) => {
    const age = Date.now() - fetchedAt;
    if (age > JWKS_FRESH_MS || (!known.has(kid) && age > JWKS_RETRY_MS)) {
      fetching ??= refresh().finally(() => {
        fetching = undefined;
      });
      fetching.catch(() => undefined);
    }
    if (!known.has(kid)) await fetching?.catch(() => undefined);
    if (known.size === 0) throw unavailable('Verifying tokens');
    if (kid === undefined || !known.has(kid)) return [];
    return find({ alg: algorithm, kid }).then(
      (key) => [key],
      () => [],
    );
  };
}

/**
 * Caches verified tokens until they expire.
 * @param fetchJwks calls `GET /internal/jwks` of auth; needed for RS256 and EdDSA.
 */
export function createAccessVerifier(
  settings: AccessSettings,
  fetchJwks?: () => Promise<JSONWebKeySet>,
): AccessVerifier {
  const algorithm = settings.JWT_ALGORITHM;
  const known = new LRUCache<string, AccessClaims>({ max: CACHE_SIZE });
  const keysFor =
    algorithm === 'HS256'
      ? secretKeys(settings)
      : publicKeys(algorithm, fetchJwks as () => Promise<JSONWebKeySet>, () => known.clear());

  async function open(token: string): Promise<AccessClaims> {
    let last: unknown;
    for (const key of await keysFor(keyIdOf(token))) {
      try {
        return claimsOf(await verifySignature(token, algorithm, key));
      } catch (cause) {
        if (!isExpiry(last)) last = cause;
      }
    }
    throw refused(last);
  }

  return {
    async verify(token) {
      const remembered = known.get(token);
      if (remembered !== undefined && remembered.expires_at > Date.now()) return remembered;
      if (token.length > MAX_TOKEN_LENGTH) throw refused();
      const claims = await open(token);
      known.set(token, claims);
      return claims;
    },
  };
}
