// Scopes limit what an application key or a bot token may do. Persons have none: their role
// decides.
import { AppError } from '../errors.ts';

export const SCOPES = [
  'users:read',
  'users:write',
  'tokens:write',
  'rooms:read',
  'rooms:write',
  'messages:read',
  'messages:write',
  'files:read',
  'files:write',
  'events:read',
  'webhooks:write',
  'moderation:write',
  'stats:read',
  'act_as',
] as const;

export type Scope = (typeof SCOPES)[number];

/** What a route needs of a key or a bot token. `none`: no scope opens it. */
export type RequiredScope = Scope | 'none';

const refused = (reason: string, message: string, details: object = {}): AppError =>
  new AppError('AUTHORIZATION_ERROR', message, { details: { reason, ...details } });

/** @throws AUTHORIZATION_ERROR, reason `scope`. */
export function requireScope(needed: RequiredScope, granted: readonly Scope[]): void {
  if (needed === 'none')
    throw refused('scope', 'Application keys and bot tokens can’t use this route', { scope: needed });
  if (!granted.includes(needed)) throw refused('scope', `This needs the scope ${needed}`, { scope: needed });
}

/** The route works only for a person: the key must name one. */
export const actAsRequired = (): AppError =>
  refused('act_as_required', 'An application key needs X-Act-As and the scope act_as for this');

/** The key must come without `X-Act-As`. */
export const actAsRefused = (): AppError => refused('act_as', 'An application key can’t act as somebody on this route');
