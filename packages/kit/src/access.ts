// Owns: verifying clients' access tokens at the doors: algorithm pinned, issuer, audience, expiry, subject and session demanded.
// Does not own: signing them (auth does), nor whether their session has ended since (revocations.ts).
import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject, verify as verifyBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { AppError, unavailable } from './errors.ts';
import type { Role } from './identity.ts';

export const TOKEN_ISSUER = 'chatapi';
export const TOKEN_AUDIENCE = 'chatapi';

export interface AccessClaims {
  user_id: string;
  session_id: string;
  role: Role;
  /** Milliseconds. Tokens bear fractions of a second, so that a revocation and a login in one second are told apart. */
  issued_at: number;
  /** Milliseconds. */
  expires_at: number;
}

export interface AccessSettings {
  JWT_ALGORITHM: 'HS256' | 'RS256' | 'EdDSA';
  JWT_SECRET_KEY?: string;
  /** Still verifies after a change of JWT_SECRET_KEY, until its tokens have run out. */
  JWT_SECRET_KEY_PREVIOUS?: string;
}

export interface AccessVerifier {
  /** @throws AppError AUTHENTICATION_ERROR; SERVICE_UNAVAILABLE when the public keys can't be had at all. */
  verify(token: string): Promise<AccessClaims>;
}

type Algorithm = AccessSettings['JWT_ALGORITHM'];
type Jwks = { keys: JsonWebKey[] };

const CACHE_SIZE = 20_000;
const MAX_TOKEN_LENGTH = 4096;
const JWKS_FRESH_MS = 60_000;
const JWKS_RETRY_MS = 2000;
const ROLES: unknown[] = ['user', 'moderator', 'admin'] satisfies Role[];

const refused = (cause?: unknown): AppError =>
  new AppError('AUTHENTICATION_ERROR', 'The access token is not valid or has expired', { cause });

function headerOf(token: string): { alg?: unknown; kid?: unknown } {
  try {
    return (JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString()) ?? {}) as {
      alg?: unknown;
      kid?: unknown;
    };
  } catch (cause) {
    throw refused(cause);
  }
}

/** jsonwebtoken knows no EdDSA: signature here (RFC 7515 §5.2), claims by the same rules as the others. */
function openEdDsa(token: string, key: KeyObject): jwt.JwtPayload {
  const [header = '', payload = '', signature = '', ...more] = token.split('.');
  const good =
    more.length === 0 &&
    headerOf(token).alg === 'EdDSA' &&
    verifyBytes(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
  if (!good) throw new Error('bad signature');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as jwt.JwtPayload;
  if (claims.iss !== TOKEN_ISSUER || claims.aud !== TOKEN_AUDIENCE) throw new Error('not for us');
  return claims;
}

function openSigned(token: string, algorithm: Algorithm, key: KeyObject): jwt.JwtPayload {
  if (algorithm === 'EdDSA') return openEdDsa(token, key);
  return jwt.verify(token, key, {
    algorithms: [algorithm],
    issuer: TOKEN_ISSUER,
    audience: TOKEN_AUDIENCE,
  }) as jwt.JwtPayload;
}

function claimsOf(payload: jwt.JwtPayload): AccessClaims {
  const { sub, sid, role, exp, iat } = payload as Record<string, unknown>;
  const complete =
    typeof sub === 'string' &&
    sub !== '' &&
    typeof sid === 'string' &&
    sid !== '' &&
    typeof exp === 'number' &&
    typeof iat === 'number' &&
    ROLES.includes(role);
  if (!complete || exp * 1000 <= Date.now()) throw new Error('a claim is missing, or the token has expired');
  // A product with the binary fraction may miss the whole millisecond by less than one.
  return {
    user_id: sub,
    session_id: sid,
    role: role as Role,
    issued_at: Math.round(iat * 1000),
    expires_at: exp * 1000,
  };
}

/** Keys that may have signed a token with this `kid`, newest first. */
type KeySource = (kid: unknown) => Promise<KeyObject[]>;

function secretKeys(settings: AccessSettings): KeySource {
  const secrets = [settings.JWT_SECRET_KEY, settings.JWT_SECRET_KEY_PREVIOUS].filter((secret) => secret !== undefined);
  if (secrets.length === 0) throw new Error('JWT_SECRET_KEY is needed for HS256');
  const keys = secrets.map((secret) => createSecretKey(Buffer.from(secret)));
  return async () => keys;
}

/** Public keys of auth: asked again once a minute and, so that a new key works at once, for an unknown `kid`. */
function publicKeys(algorithm: Algorithm, fetchJwks: () => Promise<Jwks>, onChange: () => void): KeySource {
  const type = algorithm === 'EdDSA' ? 'ed25519' : 'rsa';
  let keys = new Map<unknown, KeyObject>();
  let asked = 0;
  let fetching: Promise<void> | undefined;
  async function refresh(): Promise<void> {
    asked = Date.now();
    const jwks = await fetchJwks();
    const usable = jwks.keys.map((jwk) => [jwk.kid, createPublicKey({ key: jwk, format: 'jwk' })] as const);
    keys = new Map(usable.filter(([, key]) => key.asymmetricKeyType === type));
    onChange();
  }
  return async (kid) => {
    const age = Date.now() - asked;
    if (age > JWKS_FRESH_MS || (!keys.has(kid) && age > JWKS_RETRY_MS)) {
      fetching ??= refresh().finally(() => {
        fetching = undefined;
      });
      fetching.catch(() => undefined);
    }
    if (!keys.has(kid)) await fetching?.catch(() => undefined);
    if (keys.size === 0) throw unavailable('Verifying tokens');
    const key = keys.get(kid);
    return key === undefined ? [] : [key];
  };
}

/** `fetchJwks` (auth's `GET /internal/jwks`) is needed for RS256 and EdDSA. Verified tokens are remembered until they expire. */
export function openAccessVerifier(settings: AccessSettings, fetchJwks?: () => Promise<Jwks>): AccessVerifier {
  const algorithm = settings.JWT_ALGORITHM;
  const known = new Map<string, AccessClaims>();
  const keysFor =
    algorithm === 'HS256'
      ? secretKeys(settings)
      : publicKeys(algorithm, fetchJwks as () => Promise<Jwks>, () => known.clear());

  async function open(token: string): Promise<AccessClaims> {
    let last: unknown;
    for (const key of await keysFor(headerOf(token).kid)) {
      try {
        return claimsOf(openSigned(token, algorithm, key));
      } catch (cause) {
        last = cause;
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
      if (known.size >= CACHE_SIZE) known.delete(known.keys().next().value as string);
      known.set(token, claims);
      return claims;
    },
  };
}
