// Owns: the exchange of refresh tokens. A token is good until a successor of it has been used (a lost answer logs nobody
// out, two tabs get a successor each in one session); who comes with it after that has stolen it, and the session ends.
import type { Revocation } from '@chatapi/bus';
import { AppError, type Knex } from '@chatapi/kit';
import { type AccountRow, lockAccount } from './account-store.ts';
import { refuseBanned } from './bans.ts';
import type { Context } from './context.ts';
import { findSpent, insertToken, type UsedToken, useToken } from './refresh-store.ts';
import { announce, revoke } from './revocations.ts';
import { endSession, type Origin, touchSession } from './session-store.ts';
import { type Opened, originOf, type Tokens, tellSeen, tokensOf } from './sessions.ts';

const refused = (): AppError => new AppError('AUTHENTICATION_ERROR', 'This refresh token is not valid');

async function succeed(ctx: Context, trx: Knex, used: UsedToken, from: Origin): Promise<Opened> {
  const account = (await lockAccount(trx, used.user_id)) as AccountRow; // the session refers to it
  refuseBanned(account);
  await tellSeen(trx, used.user_id);
  const issued_at = await touchSession(trx, used.session_id, originOf(from));
  if (issued_at === undefined) throw refused();
  const refresh_token = await insertToken(trx, used.session_id, used.token_hash, ctx.config.REFRESH_EXPIRE_DAYS);
  return { account, session_id: used.session_id, issued_at, refresh_token };
}

/** @returns what was revoked: something, if the token was a stolen one. */
async function endStolen(ctx: Context, trx: Knex, token: string): Promise<Revocation[]> {
  const spent = await findSpent(trx, token);
  if (spent === undefined || !(await endSession(trx, spent.user_id, spent.session_id))) return [];
  ctx.log.warn(
    { user_id: spent.user_id, session_id: spent.session_id },
    'a spent refresh token was used: session ended',
  );
  return revoke(trx, { kind: 'session', subject: spent.session_id });
}

export async function refresh(ctx: Context, from: Origin, token: string): Promise<Tokens> {
  const outcome = await ctx.db.transaction(async (trx) => {
    const used = await useToken(trx, token);
    // The end of a stolen session must be committed, so it can't be thrown here.
    return used === undefined ? endStolen(ctx, trx, token) : succeed(ctx, trx, used, from);
  });
  if (Array.isArray(outcome)) {
    announce(ctx, outcome);
    throw refused();
  }
  ctx.facts.nudge();
  return tokensOf(ctx, outcome);
}
