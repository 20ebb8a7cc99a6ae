// Owns: who calls, from the bearer token, and the sealed identity that says so to the services.
// Does not own: what a caller may do (the services judge that).
import type { KeyObject } from 'node:crypto';
import { type AccessClaims, type AccessVerifier, AppError, type RevocationSet, sealIdentity } from '@chatapi/kit';

export interface WhoCalls {
  /** Undefined: anonymous. */
  claims?: AccessClaims;
  /** Why a route that needs a user refuses. */
  failure?: unknown;
  token?: string;
}

const BEARER = /^bearer +(\S+) *$/i;
const noToken = new AppError('AUTHENTICATION_ERROR', 'A valid access token is needed', {
  headers: { 'WWW-Authenticate': 'Bearer' },
});

/** Never throws: a bad token on a public route, such as login, is as good as none. */
export async function identify(
  verifier: AccessVerifier,
  revocations: Pick<RevocationSet, 'admit'>,
  authorization: string | undefined,
): Promise<WhoCalls> {
  const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  if (token === undefined) return { failure: noToken };
  try {
    return { claims: revocations.admit(await verifier.verify(token)), token };
  } catch (failure) {
    return { failure: challenged(failure) };
  }
}

/** RFC 6750: the challenge tells a client that it is the token. */
function challenged(failure: unknown): unknown {
  if (!(failure instanceof AppError) || failure.code !== 'AUTHENTICATION_ERROR') return failure;
  const headers = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };
  return new AppError('AUTHENTICATION_ERROR', failure.message, { headers, cause: failure.cause });
}

interface Sealed {
  text: string;
  until: number;
  claims: AccessClaims;
  ip: string;
  user_agent: string;
}

const SEALED_MS = 20_000;
const REMEMBERED = 20_000;
const AGENT_LENGTH = 256;

/** A seal holds 60 s; the same caller's is used again for 20, since signing costs more than the rest of the door. */
export function openSeals(key: KeyObject): (who: WhoCalls, ip: string, userAgent: string | undefined) => string {
  const known = new Map<string, Sealed>();
  const remember = (token: string, sealed: Sealed): void => {
    if (known.size >= REMEMBERED) known.delete(known.keys().next().value as string);
    known.set(token, sealed);
  };
  return ({ claims, token }, ip, userAgent) => {
    const user_agent = (userAgent ?? '').slice(0, AGENT_LENGTH);
    if (claims === undefined || token === undefined) return sealIdentity(key, { kind: 'anonymous', ip, user_agent });
    const before = known.get(token);
    const same = before?.claims.role === claims.role && before.ip === ip && before.user_agent === user_agent;
    if (same && before.until > Date.now()) return before.text;
    const { user_id, session_id, role } = claims;
    const text = sealIdentity(key, { kind: 'user', user_id, session_id, role, ip, user_agent });
    remember(token, { text, until: Date.now() + SEALED_MS, claims, ip, user_agent });
    return text;
  };
}
