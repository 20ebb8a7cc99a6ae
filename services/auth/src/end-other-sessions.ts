// Ends all other sessions of the user and gives this one a new chain of refresh tokens, in one
// transaction with the revocation of every older access token, those of this session included.
import { AppError, type SecurityEvent, securityEvent } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import { type AccountRow, lockAccount } from './account-store.ts';
import type { Context } from './context.ts';
import { startChain } from './refresh-token-store.ts';
import { isRevokedSince } from './revocation-store.ts';
import { publishAfterCommit, revoke } from './revocations.ts';
import { endSessions, isLimited, type RequestOrigin } from './session-store.ts';
import { continueSession, type Tokens, tokensOf } from './sessions.ts';

const sessionEnded = (): AppError => new AppError('AUTHENTICATION_ERROR', 'The session has ended');

/**
 * Gateways learn of a revocation with a delay, so a revoked token may get here. It must not get a
 * new chain. Compares the times under the account's lock. @throws AUTHENTICATION_ERROR
 */
async function requireNotRevoked(trx: Knex, { user_id, session_id, issued_at }: Caller): Promise<void> {
  if (issued_at !== undefined && (await isRevokedSince(trx, { user_id, session_id, issued_at }))) throw sessionEnded();
}

/**
 * An application made the session and its end: with a refresh token it would go on.
 * @throws AUTHORIZATION_ERROR with the reason `limited_session`.
 */
async function requireRenewable(trx: Knex, { session_id }: Caller): Promise<void> {
  if (!(await isLimited(trx, session_id))) return;
  throw new AppError('AUTHORIZATION_ERROR', 'An application made this session: it can’t be renewed', {
    details: { reason: 'limited_session' },
  });
}

/** `before` runs while the account is locked, and `event` is what the renewal is for. */
export async function renewChain(
  ctx: Context,
  caller: Caller,
  from: RequestOrigin,
  event: SecurityEvent,
  before: (trx: Knex, account: AccountRow | undefined) => Promise<void>,
): Promise<Tokens> {
  const { user_id, session_id } = caller;
  const { grant, revoked } = await ctx.db.transaction(async (trx) => {
    const account = await lockAccount(trx, user_id);
    await requireNotRevoked(trx, caller);
    await requireRenewable(trx, caller);
    await before(trx, account);
    const session = await continueSession(ctx, trx, session_id, user_id, from);
    if (session === undefined) throw sessionEnded();
    await endSessions(trx, user_id, session_id);
    const refresh_token = await startChain(trx, session_id, ctx.config.REFRESH_EXPIRE_DAYS);
    const revocation = await revoke(trx, { kind: 'user', subject: user_id });
    // The session exists, and it references the account.
    return { grant: { account: account as AccountRow, ...session, refresh_token }, revoked: revocation };
  });
  publishAfterCommit(ctx, revoked);
  securityEvent(ctx, event, { user_id, session_id, ip: from.ip, request_id: from.request_id });
  // Issue the token at the time of the revocation: an earlier one would be revoked by it.
  const issued_at = Math.max(...revoked.map(({ at }) => Date.parse(at)));
  return tokensOf(ctx, { ...grant, issued_at });
}

export const endOtherSessions = (ctx: Context, caller: Caller, from: RequestOrigin): Promise<Tokens> =>
  renewChain(ctx, caller, from, 'sessions.ended', async () => undefined);
