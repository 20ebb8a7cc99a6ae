// Exchange of refresh tokens. Until its successor is used, a token returns that same successor
// again, so a lost response logs nobody out and two tabs get the same one. Later use of the token
// counts as theft and ends the session.
import type { Revocation } from '@chatapi/bus';
import { AppError, securityEvent } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { type AccountRow, lockAccount } from './account-store.ts';
import { requireUsable } from './bans.ts';
import type { Context } from './context.ts';
import { insertSuccessor, isSpent, ownerOf, type TokenOwner, useToken } from './refresh-token-store.ts';
import { publishAfterCommit, revoke } from './revocations.ts';
import { endSession, type Origin, type RequestOrigin } from './session-store.ts';
import { continueSession, type SessionGrant, type Tokens, tokensOf } from './sessions.ts';

const refused = (): AppError => new AppError('AUTHENTICATION_ERROR', 'This refresh token is not valid');

/** @returns the revocation when the token was stolen, else an empty list. */
async function endIfStolen(trx: Knex, { session_id, user_id }: TokenOwner, token: string): Promise<Revocation[]> {
  if (!(await isSpent(trx, token)) || !(await endSession(trx, user_id, session_id))) return [];
  return revoke(trx, { kind: 'session', subject: session_id });
}

async function exchange(
  ctx: Context,
  trx: Knex,
  owner: TokenOwner,
  account: AccountRow,
  from: Origin,
  token: string,
): Promise<SessionGrant | Revocation[]> {
  const { session_id } = owner;
  const used = await useToken(trx, session_id, token);
  if (used === undefined) return endIfStolen(trx, owner, token);
  requireUsable(account);
  const session = await continueSession(ctx, trx, session_id, account.user_id, from);
  if (session === undefined) throw refused();
  const refresh_token = await insertSuccessor(trx, session_id, token, used, ctx.config.REFRESH_EXPIRE_DAYS);
  return { account, ...session, refresh_token };
}

export async function refresh(ctx: Context, from: RequestOrigin, token: string): Promise<Tokens> {
  let owner: TokenOwner | undefined;
  const outcome = await ctx.db.transaction(async (trx) => {
    owner = await ownerOf(trx, token);
    const account = owner && (await lockAccount(trx, owner.user_id));
    if (account === undefined) return [];
    // Do not throw here: the end of a stolen session must be committed.
    return exchange(ctx, trx, owner as TokenOwner, account, from, token);
  });
  if (Array.isArray(outcome)) {
    publishAfterCommit(ctx, outcome);
    if (outcome.length > 0) securityEvent(ctx, 'refresh.theft', { ...owner, ip: from.ip, request_id: from.request_id });
    throw refused();
  }
  ctx.facts.nudge();
  return tokensOf(ctx, outcome);
}
