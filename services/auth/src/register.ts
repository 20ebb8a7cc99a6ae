// Registration: an account, and a session, or a link that confirms the address first.
import { securityEvent } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { AccountRow } from './account-store.ts';
import { conflict, createAccount, type NewUser, takenFields } from './accounts.ts';
import type { Context } from './context.ts';
import { sendFirstConfirmation } from './recovery/email-change.ts';
import { useInvite } from './registration/invites.ts';
import { requireMayRegister } from './registration/policy.ts';
import type { RequestOrigin } from './session-store.ts';
import { createSession, type SessionGrant, type Tokens, tokensOf } from './sessions.ts';
import { newUser, type User } from './user-view.ts';

/** Without tokens: the address must be confirmed first. */
export type Registration = { user: User } & Partial<Tokens>;

export async function register(
  ctx: Context,
  from: RequestOrigin,
  input: NewUser & { password: string; invite?: string },
): Promise<Registration> {
  await requireMayRegister(ctx, input);
  const taken = await takenFields(ctx.db, input);
  if (taken.length > 0) throw conflict(taken);
  const hash = await ctx.hasher.withSlot(() => ctx.hasher.hash(input.password));
  const made = await ctx.db.transaction(async (trx) => {
    const account = await createAccount(trx, input, hash, { role: 'user' });
    if (account === undefined) return undefined;
    const entered = await enter(ctx, trx, account, input.email, from);
    // Last: others who use the same invite wait for the commit.
    if (input.invite !== undefined) await useInvite(trx, input.invite, account.user_id);
    return entered;
  });
  if (made === undefined) throw conflict(await takenFields(ctx.db, input));
  ctx.facts.nudge();
  const { ip, request_id } = from;
  const { account, session_id } = made;
  securityEvent(ctx, 'account.registered', { user_id: account.user_id, session_id, ip, request_id });
  const user = newUser(account);
  return made.session_id === undefined ? { user } : { user, ...(await tokensOf(ctx, made)) };
}

/** A new account logs in at once, or gets a link first. */
async function enter(
  ctx: Context,
  trx: Knex,
  account: AccountRow,
  email: string,
  from: RequestOrigin,
): Promise<SessionGrant | { account: AccountRow; session_id?: undefined }> {
  if (!ctx.config.REQUIRE_VERIFIED_EMAIL) return createSession(ctx, trx, account, from);
  await sendFirstConfirmation(ctx, trx, from, account, email);
  return { account };
}
