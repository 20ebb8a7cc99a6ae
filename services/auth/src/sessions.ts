// Sessions and their pair of tokens. A session ends in one transaction with its revocation.
import { recordFact } from '@chatapi/bus';
import { type IdPaging, newId, notFound, type PageInfo, page, securityEvent } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import { type AccountRow, accountById, lockAccount, markSeen } from './account-store.ts';
import type { Context } from './context.ts';
import { deviceOf } from './known-device.ts';
import { rememberDevice } from './known-device-store.ts';
import { startChain } from './refresh-token-store.ts';
import { publishAfterCommit, revoke } from './revocations.ts';
import {
  endSession,
  endSessions,
  insertLimitedSession,
  insertSession,
  listSessions,
  type Origin,
  type SessionRow,
  type SessionTimes,
  sessionBelongsTo,
  touchSession,
} from './session-store.ts';

export interface Tokens {
  access_token: string;
  refresh_token: string;
  token_type: 'bearer';
  expires_in: number;
}

const SEEN_EVERY_MINUTES = 10;
const MAX_USER_AGENT_LENGTH = 300;

const originOf = (from: Origin): Origin => ({
  ip: from.ip,
  user_agent: from.user_agent.slice(0, MAX_USER_AGENT_LENGTH),
});

export interface SessionGrant {
  account: AccountRow;
  session_id: string;
  /** Milliseconds of the database's clock. */
  issued_at: number;
  /** The absolute end of the session, in milliseconds. */
  ends_at: number;
  refresh_token: string;
  /** Not seen in 90 days. Undefined: the session was not opened now. */
  is_new_device?: boolean;
}

const DAY_MS = 24 * 3600 * 1000;

const timesOf = ({ config }: Pick<Context, 'config'>, { created_at, last_used_at }: SessionTimes) => ({
  issued_at: last_used_at.getTime(),
  ends_at: created_at.getTime() + config.SESSION_MAX_DAYS * DAY_MS,
});

/** Call it outside of the transaction, so that no lock is held while signing. */
export async function tokensOf(
  ctx: Pick<Context, 'signer'>,
  { account, session_id, issued_at, ends_at, refresh_token }: SessionGrant,
): Promise<Tokens> {
  const expires_in = Math.min(ctx.signer.expiresIn, Math.max(1, Math.floor((ends_at - issued_at) / 1000)));
  const { user_id, role } = account;
  const access_token = await ctx.signer.sign({ user_id, session_id, role, issued_at, expires_in });
  return { access_token, refresh_token, token_type: 'bearer', expires_in };
}

async function recordSeen(trx: Knex, userId: string): Promise<void> {
  const at = await markSeen(trx, userId, SEEN_EVERY_MINUTES);
  if (at !== undefined) await recordFact(trx, 'account.seen', { user_id: userId, at });
}

/**
 * `account` must be locked in `trx` or new: a concurrent ban or password change then happens
 * completely before or completely after.
 */
export async function createSession(
  ctx: Pick<Context, 'config'>,
  trx: Knex,
  account: AccountRow,
  from: Origin,
): Promise<SessionGrant> {
  await recordSeen(trx, account.user_id);
  const is_new_device = await rememberDevice(trx, account.user_id, deviceOf(from));
  const session_id = newId('ses');
  const times = await insertSession(trx, session_id, account.user_id, originOf(from));
  const refresh_token = await startChain(trx, session_id, ctx.config.REFRESH_EXPIRE_DAYS);
  return { account, session_id, ...timesOf(ctx, times), refresh_token, is_new_device };
}

/**
 * Ends after `seconds`, without a refresh token. Makes no device known: the application's server
 * asks. `account` must be locked.
 */
export async function createLimitedSession(
  trx: Knex,
  { user_id }: AccountRow,
  from: Origin,
  { seconds, name }: { seconds: number; name: string | null },
): Promise<{ session_id: string; issued_at: number }> {
  await recordSeen(trx, user_id);
  const session_id = newId('ses');
  const created_at = await insertLimitedSession(trx, { session_id, user_id, seconds, name, ...originOf(from) });
  return { session_id, issued_at: created_at.getTime() };
}

/** Updates the session's last use. @returns undefined when it has ended. */
export async function continueSession(
  ctx: Pick<Context, 'config'>,
  trx: Knex,
  sessionId: string,
  userId: string,
  from: Origin,
): Promise<Pick<SessionGrant, 'session_id' | 'issued_at' | 'ends_at'> | undefined> {
  await recordSeen(trx, userId);
  const times = await touchSession(trx, sessionId, originOf(from), ctx.config.SESSION_MAX_DAYS);
  return times && { session_id: sessionId, ...timesOf(ctx, times) };
}

export type SessionView = SessionRow & { current: boolean };

export async function ownSessions(
  ctx: Context,
  caller: Caller,
  paging: IdPaging,
): Promise<{ sessions: SessionView[] } & PageInfo> {
  const rows = await listSessions(ctx.db, caller.user_id, paging);
  return page(
    'sessions',
    rows.map((row) => ({ ...row, current: row.id === caller.session_id })),
    paging.limit,
    ({ id }) => [id],
  );
}

/** For staff. @throws RESOURCE_NOT_FOUND */
export async function sessionPage(
  ctx: Pick<Context, 'db'>,
  userId: string,
  paging: IdPaging,
): Promise<{ sessions: SessionRow[] } & PageInfo> {
  if ((await accountById(ctx.db, userId)) === undefined) throw notFound('User');
  return page('sessions', await listSessions(ctx.db, userId, paging), paging.limit, ({ id }) => [id]);
}

/** Idempotent: a second logout gives the same answer. @throws RESOURCE_NOT_FOUND */
export async function endOwnSession(
  ctx: Context,
  caller: Caller,
  sessionId: string,
  request_id: string,
): Promise<void> {
  const revoked = await ctx.db.transaction(async (trx) => {
    if (await endSession(trx, caller.user_id, sessionId)) return revoke(trx, { kind: 'session', subject: sessionId });
    if (!(await sessionBelongsTo(trx, caller.user_id, sessionId))) throw notFound('Session');
    return [];
  });
  publishAfterCommit(ctx, revoked);
  const { user_id, ip } = caller;
  if (revoked.length > 0) securityEvent(ctx, 'session.ended', { user_id, session_id: sessionId, ip, request_id });
}

/** @throws RESOURCE_NOT_FOUND for an unknown user. */
export async function endAllSessions(ctx: Context, userId: string): Promise<void> {
  const revoked = await ctx.db.transaction(async (trx) => {
    // Without the lock, a concurrent login could get a session whose token is already revoked.
    if ((await lockAccount(trx, userId)) === undefined) throw notFound('User');
    const ended = await endSessions(trx, userId, null);
    return ended === 0 ? [] : revoke(trx, { kind: 'user', subject: userId });
  });
  publishAfterCommit(ctx, revoked);
}
