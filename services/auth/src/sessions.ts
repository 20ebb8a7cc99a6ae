// Owns: the life of a session: opened by register and login, listed, ended; and the pair of tokens that stands for it.
// Guarantee: "ended" is one transaction with the revocation that the doors read.
import { tellFact } from '@chatapi/bus';
import { type Caller, type Knex, newId, notFound, type Paging, page } from '@chatapi/kit';
import { type AccountRow, lockAccount, markSeen } from './account-store.ts';
import type { Context } from './context.ts';
import { insertToken } from './refresh-store.ts';
import { announce, revoke } from './revocations.ts';
import {
  endSession,
  endSessions,
  insertSession,
  listSessions,
  type Origin,
  type SessionRow,
  sessionIsUsers,
} from './session-store.ts';

export interface Tokens {
  access_token: string;
  refresh_token: string;
  token_type: 'bearer';
  expires_in: number;
}

const SEEN_EVERY_MINUTES = 10;
const USER_AGENT_LENGTH = 300;

export const originOf = (from: Origin): Origin => ({
  ip: from.ip,
  user_agent: from.user_agent.slice(0, USER_AGENT_LENGTH),
});

export interface Opened {
  account: AccountRow;
  session_id: string;
  issued_at: number;
  refresh_token: string;
}

/** Signing happens outside the transaction: nothing waits for it. */
export function tokensOf(
  ctx: Pick<Context, 'signer'>,
  { account, session_id, issued_at, refresh_token }: Opened,
): Tokens {
  const access_token = ctx.signer.sign({ user_id: account.user_id, session_id, role: account.role, issued_at });
  return { access_token, refresh_token, token_type: 'bearer', expires_in: ctx.signer.expiresIn };
}

export async function tellSeen(trx: Knex, userId: string): Promise<void> {
  const at = await markSeen(trx, userId, SEEN_EVERY_MINUTES);
  if (at !== undefined) await tellFact(trx, 'account.seen', { user_id: userId, at });
}

/** `account` must be locked in `trx`, or new: a ban or a change of password then comes wholly before or wholly after. */
export async function openSession(
  ctx: Pick<Context, 'config'>,
  trx: Knex,
  account: AccountRow,
  from: Origin,
): Promise<Opened> {
  await tellSeen(trx, account.user_id);
  const session_id = newId('ses');
  const issued_at = await insertSession(trx, session_id, account.user_id, originOf(from));
  const refresh_token = await insertToken(trx, session_id, null, ctx.config.REFRESH_EXPIRE_DAYS);
  return { account, session_id, issued_at, refresh_token };
}

export type ShownSession = SessionRow & { current: boolean };

export async function ownSessions(
  ctx: Context,
  caller: Caller,
  paging: Paging,
): Promise<{ sessions: ShownSession[]; has_more: boolean }> {
  const rows = await listSessions(ctx.db, caller.user_id, paging);
  return page(
    'sessions',
    rows.map((row) => ({ ...row, current: row.id === caller.session_id })),
    paging.limit,
  );
}

/** Ending what has ended says nothing new, so that a second logout answers as the first did. */
export async function endOwnSession(ctx: Context, caller: Caller, sessionId: string): Promise<void> {
  const revoked = await ctx.db.transaction(async (trx) => {
    if (await endSession(trx, caller.user_id, sessionId)) return revoke(trx, { kind: 'session', subject: sessionId });
    if (!(await sessionIsUsers(trx, caller.user_id, sessionId))) throw notFound('Session');
    return [];
  });
  announce(ctx, revoked);
}

/** All of a user's sessions, but `except` if given. */
export async function endAllSessions(ctx: Context, userId: string, except?: string): Promise<void> {
  const revoked = await ctx.db.transaction(async (trx) => {
    // A login must not slip in between: its session would live while the doors refuse its token.
    if ((await lockAccount(trx, userId)) === undefined) throw notFound('User');
    const ended = await endSessions(trx, userId, except ?? null);
    return ended === 0 ? [] : revoke(trx, { kind: 'user', subject: userId, except });
  });
  announce(ctx, revoked);
}
