// Who may call a route. What is refused here goes to the security log.
import type { IncomingMessage } from 'node:http';
import { actAsRefused, actAsRequired, type RequiredScope, requireScope } from './auth/scopes.ts';
import type { ServiceKeys, ServiceName } from './auth/service-keys.ts';
import { type Caller, type Identity, isCaller, type Role, verifyIdentity } from './auth/signed-identity.ts';
import { AppError } from './errors.ts';
import { type SecurityDetails, type SecuritySink, securityEvent } from './security-log.ts';

/**
 * `user` is any account, `moderator` includes admins, `application` is an application key that acts
 * as nobody. A list names the services that may call a route of the internal listener.
 */
export type RequiredRole = 'anyone' | 'user' | 'moderator' | 'admin' | 'application' | readonly ServiceName[];

/** Whether only services may call it. */
export const isInternal = (who: RequiredRole): who is readonly ServiceName[] => typeof who === 'object';

export interface Guarded {
  method: string;
  path: string;
  who: RequiredRole;
  /** For keys and bot tokens. Required on public routes; a test finds those without. */
  scope?: RequiredScope;
  /** Whether a key may call a `user` route without acting as somebody. */
  keyAlone?: boolean;
}

const RANK: Record<Role, number> = { user: 0, moderator: 1, admin: 2 };

function requireService(who: readonly ServiceName[], identity: Identity): void {
  if (identity.kind !== 'service') throw new AppError('AUTHORIZATION_ERROR', 'For services only');
  if (!who.includes(identity.service))
    throw new AppError('AUTHORIZATION_ERROR', `This route does not name ${identity.service}`);
}

/** A key reaches routes of staff by their scope, and routes of persons only as one of them. */
function requireKeyAllowed({ who, keyAlone }: Guarded): void {
  if (who === 'user' && keyAlone !== true) throw actAsRequired();
}

function requireRank(who: Role | 'application', { role, key_id }: Caller): void {
  if (who === 'application') {
    if (key_id !== undefined) throw actAsRefused();
    throw new AppError('AUTHORIZATION_ERROR', 'This needs an application key');
  }
  if (who === 'user') return;
  if (key_id !== undefined) throw actAsRefused();
  if (RANK[role] < RANK[who]) throw new AppError('AUTHORIZATION_ERROR', `This needs the role ${who}`);
}

/**
 * Role and scope. Routes for anyone without a scope treat a key as they treat nobody.
 * @throws AppError AUTHENTICATION_ERROR, AUTHORIZATION_ERROR
 */
export function requireAllowed(guarded: Guarded, identity: Identity): void {
  const { who, scope = 'none' } = guarded;
  if (isInternal(who)) {
    requireService(who, identity);
    return;
  }
  if (identity.kind === 'anonymous' || identity.kind === 'service') {
    if (who === 'anyone') return;
    throw new AppError('AUTHENTICATION_ERROR', 'A valid access token is needed');
  }
  if (identity.scopes !== undefined && (who !== 'anyone' || scope !== 'none')) requireScope(scope, identity.scopes);
  if (who === 'anyone') return;
  identity.kind === 'key' ? requireKeyAllowed(guarded) : requireRank(who, identity);
}

const actionOf = ({ method, path }: Guarded): string => `${method.toUpperCase()} ${path}`;

function refuse(sink: SecuritySink, guarded: Guarded, error: unknown, from: SecurityDetails): never {
  securityEvent(sink, 'identity.refused', { ...from, action: actionOf(guarded) });
  throw error;
}

/**
 * A missing or forged identity, or a user's or another service's on a route for services, means
 * that somebody came past the gateways or holds a service's key.
 * @throws AppError AUTHENTICATION_ERROR, AUTHORIZATION_ERROR
 */
export function identityOf(
  sink: SecuritySink,
  keys: ServiceKeys,
  guarded: Guarded,
  req: IncomingMessage,
  request_id?: string,
): Identity {
  try {
    const identity = verifyIdentity(keys, req.headers);
    if (isInternal(guarded.who)) requireAllowed(guarded, identity);
    return identity;
  } catch (error) {
    return refuse(sink, guarded, error, { ip: req.socket.remoteAddress, request_id });
  }
}

/** For calls over a connection whose identity was verified when it was opened. @throws AppError */
export function requireNamed(sink: SecuritySink, guarded: Guarded, caller: Identity): void {
  try {
    requireAllowed(guarded, caller);
  } catch (error) {
    refuse(sink, guarded, error, {});
  }
}

/** Records what a route for staff refused, whether for the caller's role or by its rule. */
export function recordRefusal(
  sink: SecuritySink,
  guarded: Guarded,
  identity: Identity,
  request_id: string,
  error: unknown,
): void {
  if (guarded.who !== 'moderator' && guarded.who !== 'admin') return;
  if (!isCaller(identity) || !(error instanceof AppError) || error.code !== 'AUTHORIZATION_ERROR') return;
  const { user_id, ip } = identity;
  securityEvent(sink, 'rights.refused', { user_id, ip, request_id, action: actionOf(guarded) });
}
