// Who may call a route. What is refused here goes to the security log.
import type { KeyObject } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { IDENTITY_HEADER, type Identity, type Role, verifyIdentity } from './auth/signed-identity.ts';
import { AppError } from './errors.ts';
import { type SecuritySink, securityEvent } from './security-log.ts';

/**
 * `user` is any account, `moderator` includes admins, `service` is another service on the second
 * listener.
 */
export type RequiredRole = 'anyone' | 'user' | 'moderator' | 'admin' | 'service';

export interface Guarded {
  method: string;
  path: string;
  who: RequiredRole;
}

const RANK: Record<Role, number> = { user: 0, moderator: 1, admin: 2 };

/** @throws AppError AUTHENTICATION_ERROR, AUTHORIZATION_ERROR */
export function requireRole(who: RequiredRole, identity: Identity): void {
  if (who === 'anyone') return;
  if (who === 'service') {
    if (identity.kind !== 'service') throw new AppError('AUTHORIZATION_ERROR', 'For services only');
    return;
  }
  if (identity.kind !== 'user') throw new AppError('AUTHENTICATION_ERROR', 'A valid access token is needed');
  if (who !== 'user' && RANK[identity.role] < RANK[who])
    throw new AppError('AUTHORIZATION_ERROR', `This needs the role ${who}`);
}

const actionOf = ({ method, path }: Guarded): string => `${method.toUpperCase()} ${path}`;

/**
 * A missing or forged identity, or a user's on a route for services, means that somebody came past
 * the gateways. @throws AppError AUTHENTICATION_ERROR, AUTHORIZATION_ERROR
 */
export function identityOf(
  sink: SecuritySink,
  key: KeyObject,
  guarded: Guarded,
  req: IncomingMessage,
  request_id?: string,
): Identity {
  try {
    const identity = verifyIdentity(key, req.headers[IDENTITY_HEADER]);
    if (guarded.who === 'service') requireRole('service', identity);
    return identity;
  } catch (error) {
    const action = actionOf(guarded);
    securityEvent(sink, 'identity.refused', { ip: req.socket.remoteAddress, request_id, action });
    throw error;
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
  if (identity.kind !== 'user' || !(error instanceof AppError) || error.code !== 'AUTHORIZATION_ERROR') return;
  const { user_id, ip } = identity;
  securityEvent(sink, 'rights.refused', { user_id, ip, request_id, action: actionOf(guarded) });
}
