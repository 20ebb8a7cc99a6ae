// The address of an account. A new one counts once it is confirmed.
import { newId, securityEvent } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import { type AccountRow, changeEmail, lockAccount, verifyEmail } from '../account-store.ts';
import { conflict, recordAccount } from '../accounts.ts';
import type { Context } from '../context.ts';
import { callerAccount, verifyCurrentPassword, wrongPassword } from '../current-password.ts';
import { endLinks, type Link, linkOfToken, type Purpose, putLink, useLink } from '../mail/link-store.ts';
import { queueMail, queueNotice, requireMail } from '../mail/queue.ts';
import { nameKey } from '../name-key.ts';
import { requireEmailDomain } from '../registration/policy.ts';
import type { RequestOrigin } from '../session-store.ts';
import { mayMail } from './request-limit.ts';
import { tokenInvalid } from './token-invalid.ts';

async function sendLink(
  ctx: Context,
  trx: Knex,
  from: RequestOrigin,
  link: { account: AccountRow; purpose: Purpose; email: string; kind: 'email-change' | 'email-confirmation' },
): Promise<void> {
  const { account, purpose, email, kind } = link;
  const { user_id } = account;
  const link_id = newId('link');
  await putLink(trx, { link_id, user_id, purpose, email, email_key: nameKey(email) });
  await queueMail(ctx, trx, from, { kind, user_id, recipient: email, link_id });
}

/** For a new account, in the transaction that makes it. */
export const sendFirstConfirmation = (
  ctx: Context,
  trx: Knex,
  from: RequestOrigin,
  account: AccountRow,
  email: string,
): Promise<void> => sendLink(ctx, trx, from, { account, purpose: 'verify', email, kind: 'email-confirmation' });

/**
 * Whether the new address has an account already is not looked up: its owner learns it from the
 * link.
 */
export async function requestEmailChange(
  ctx: Context,
  caller: Caller,
  from: RequestOrigin,
  { email, current_password }: { email: string; current_password: string },
): Promise<void> {
  requireMail(ctx);
  requireEmailDomain(ctx.config, email);
  const verified = await callerAccount(ctx, caller);
  await ctx.hasher.withSlot(() => verifyCurrentPassword(ctx, verified, current_password, from));
  const { user_id } = verified;
  const { ip, request_id } = from;
  const allowed = await ctx.db.transaction(async (trx) => {
    if (!(await mayMail(ctx, trx, { ip, account: `change ${user_id}` }))) return false;
    const account = await lockAccount(trx, user_id);
    if (account?.password_hash !== verified.password_hash) throw wrongPassword();
    await sendLink(ctx, trx, from, { account, purpose: 'change', email, kind: 'email-change' });
    const notice = { kind: 'email-change-requested', user_id, recipient: account.email, told: { email } } as const;
    await queueNotice(ctx, trx, from, notice);
    return true;
  });
  if (allowed) securityEvent(ctx, 'email.change_requested', { user_id, ip, request_id });
  else securityEvent(ctx, 'limit.reached', { user_id, ip, request_id, reason: 'mail' });
}

const isTaken = (error: { code?: string; constraint?: string }): boolean =>
  error.code === '23505' && error.constraint === 'accounts_email_taken';

/** @returns the account as it was, or undefined when the link no longer counts. */
function confirm(ctx: Context, link: Link, from: RequestOrigin): Promise<AccountRow | undefined> {
  const { user_id, purpose } = link;
  const email = link.email as string;
  return ctx.db.transaction(async (trx) => {
    const before = await lockAccount(trx, user_id);
    if (before === undefined || !(await useLink(trx, link.link_id))) return undefined;
    if (purpose === 'verify') {
      await recordAccount(trx, await verifyEmail(trx, user_id));
      return before;
    }
    const after = await changeEmail(trx, user_id, email, link.email_key as string);
    // What went to the old address is worthless now.
    await endLinks(trx, user_id, ['reset', 'verify']);
    await queueNotice(ctx, trx, from, { kind: 'email-changed', user_id, recipient: before.email, told: { email } });
    await recordAccount(trx, after);
    return before;
  });
}

/**
 * @throws VALIDATION_ERROR with the reason `token_invalid`; CONFLICT: the address has another
 * account.
 */
export async function confirmEmail(ctx: Context, from: RequestOrigin, token: string): Promise<void> {
  const link = await linkOfToken(ctx.db, token, ['verify', 'change']);
  if (link === undefined) throw tokenInvalid(ctx, from);
  const confirmed = await confirm(ctx, link, from).catch((error) => {
    throw isTaken(error) ? conflict([{ path: 'email', message: 'this email is taken' }]) : error;
  });
  if (confirmed === undefined) throw tokenInvalid(ctx, from);
  ctx.facts.nudge();
  const event = link.purpose === 'verify' ? 'email.confirmed' : 'email.changed';
  securityEvent(ctx, event, { user_id: link.user_id, ip: from.ip, request_id: from.request_id });
}
