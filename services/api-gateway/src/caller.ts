// The caller of a request, from the bearer token, and the signed identity sent to the services.
// The services check permissions.
import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '@chatapi/kit';
import {
  type AccessClaims,
  admitToken,
  type Caller,
  identityHeaders,
  type ServiceKeys,
  type ServiceName,
  type TokenGate,
} from '@chatapi/kit/auth';
import { LRUCache } from 'lru-cache';
import { type ActAsGate, actAsPerson } from './act-as.ts';

export interface RequestCaller {
  /** Undefined for anonymous callers. */
  claims?: AccessClaims;
  /** The error with which a route that needs a user answers. */
  failure?: unknown;
  /** Of the key whose X-Act-As failed: its limit counts. */
  key?: AccessClaims;
  /** The token, and the person as whom its key acts. */
  token?: string;
}

export type CallerGate = TokenGate & ActAsGate;

const BEARER = /^bearer +(\S+) *$/i;
const missingToken = new AppError('AUTHENTICATION_ERROR', 'A valid access token is needed', {
  headers: { 'WWW-Authenticate': 'Bearer' },
});

/** Never throws: on a public route, such as login, a bad token counts as no token. */
export async function identify(
  gate: CallerGate,
  { authorization, 'x-act-as': actAs }: IncomingHttpHeaders,
  from: { ip: string; request_id: string },
): Promise<RequestCaller> {
  const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  if (token === undefined) return { failure: missingToken };
  let key: AccessClaims | undefined;
  try {
    const claims = await admitToken(gate, token, from);
    if (actAs === undefined) return { claims, token };
    if (claims.kind === 'key') key = claims;
    return { claims: await actAsPerson(gate, claims, String(actAs)), token: `${token} ${actAs}` };
  } catch (failure) {
    return { failure: withChallenge(failure), ...(key === undefined ? {} : { key }) };
  }
}

/** Adds the challenge of RFC 6750, which tells the client that its token is the reason. */
function withChallenge(failure: unknown): unknown {
  if (!(failure instanceof AppError) || failure.code !== 'AUTHENTICATION_ERROR') return failure;
  const headers = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };
  return new AppError('AUTHENTICATION_ERROR', failure.message, { headers, cause: failure.cause });
}

interface CachedIdentity {
  headers: Record<string, string>;
  until: number;
  claims: AccessClaims;
  ip: string;
  user_agent: string;
}

const REUSE_MS = 20_000;
const MAX_CACHED = 20_000;
const MAX_USER_AGENT_LENGTH = 256;

/** What services learn of the caller. */
export const callerOf = (
  { user_id, session_id, role, issued_at, kind, scopes, key_id, rooms }: AccessClaims,
  { ip, user_agent }: { ip: string; user_agent: string },
): Caller => ({
  kind: kind ?? 'user',
  user_id,
  session_id,
  role,
  issued_at,
  ...(scopes === undefined ? {} : { scopes, key_id, rooms }),
  ip,
  user_agent,
});

/** An external id may have become another person's since. */
const isSame = ({ claims, ip, user_agent }: CachedIdentity, now: Omit<CachedIdentity, 'headers' | 'until'>): boolean =>
  claims.user_id === now.claims.user_id &&
  claims.role === now.claims.role &&
  ip === now.ip &&
  user_agent === now.user_agent;

/**
 * Signs identities and reuses a signature for 20 s of its 60 s, since signing costs more CPU
 * time than the rest of a request here.
 */
export function createIdentitySigner(
  keys: ServiceKeys,
): (to: ServiceName, caller: RequestCaller, ip: string, userAgent: string | undefined) => Record<string, string> {
  const cache = new LRUCache<string, CachedIdentity>({ max: MAX_CACHED });
  return (to, { claims, token }, ip, userAgent) => {
    const user_agent = (userAgent ?? '').slice(0, MAX_USER_AGENT_LENGTH);
    if (claims === undefined || token === undefined)
      return identityHeaders(keys, to, { kind: 'anonymous', ip, user_agent });
    const entry = `${to} ${token}`;
    const cached = cache.get(entry);
    const same = cached !== undefined && isSame(cached, { claims, ip, user_agent });
    if (same && cached.until > Date.now()) return cached.headers;
    const headers = identityHeaders(keys, to, callerOf(claims, { ip, user_agent }));
    cache.set(entry, { headers, until: Date.now() + REUSE_MS, claims, ip, user_agent });
    return headers;
  };
}
