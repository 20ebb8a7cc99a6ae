// A new password by a link. It ends all sessions and the lockout; a ban stays.
import { AppError, newId, notFound, securityEvent } from '@chatapi/kit';
import { accountById, lockAccount, updatePassword, verifyEmail } from '../account-store.ts';
import { recordAccount } from '../accounts.ts';
import type { Context } from '../context.ts';
import { clearFailures, lockKey } from '../login-limit-store.ts';
import {
  ENDED_BY_NEW_PASSWORD,
  endLinks,
  issueToken,
  type Link,
  linkOfToken,
  putLink,
  useLink,
} from '../mail/link-store.ts';
import { linkTo } from '../mail/links.ts';
import { queueNotice } from '../mail/queue.ts';
import { passwordNames } from '../password-change.ts';
import { checkPassword } from '../password-policy.ts';
import { publishAfterCommit, revoke } from '../revocations.ts';
import { endSessions, type RequestOrigin } from '../session-store.ts';
import { tokenInvalid } from './token-invalid.ts';

/** @returns undefined when the link was used or replaced, or the address changed meanwhile. */
function setPassword(ctx: Context, link: Link, hash: string, from: RequestOrigin) {
  const { user_id } = link;
  return ctx.db.transaction(async (trx) => {
    // Before the account, as everywhere: no two wait for each other.
    await lockKey(trx, user_id);
    const account = await lockAccount(trx, user_id);
    if (account === undefined || !(await useLink(trx, link.link_id))) return undefined;
    await endLinks(trx, user_id, ENDED_BY_NEW_PASSWORD);
    await updatePassword(trx, user_id, hash);
    await clearFailures(trx, user_id);
    // Whoever opened a mailed link reads the mail of the address.
    if (link.purpose === 'reset' && !account.email_verified) await recordAccount(trx, await verifyEmail(trx, user_id));
    await queueNotice(ctx, trx, from, { kind: 'password-changed', user_id, recipient: account.email });
    await endSessions(trx, user_id, null);
    return revoke(trx, { kind: 'user', subject: user_id });
  });
}

/** @throws VALIDATION_ERROR with the reason `token_invalid`, or for a weak password. */
export async function confirmPasswordReset(
  ctx: Context,
  from: RequestOrigin,
  { token, new_password }: { token: string; new_password: string },
): Promise<void> {
  const link = await linkOfToken(ctx.db, token, ['reset', 'admin_reset']);
  const account = link && (await accountById(ctx.db, link.user_id));
  if (link === undefined || account === undefined) throw tokenInvalid(ctx, from);
  // A weak password uses the token not up.
  checkPassword('new_password', new_password, passwordNames(account));
  const hash = await ctx.hasher.withSlot(() => ctx.hasher.hash(new_password));
  const revoked = await setPassword(ctx, link, hash, from);
  if (revoked === undefined) throw tokenInvalid(ctx, from);
  publishAfterCommit(ctx, revoked);
  securityEvent(ctx, 'password.reset', { user_id: link.user_id, ip: from.ip, request_id: from.request_id });
}

export interface ResetLink {
  url: string;
  expires_at: string;
}

/**
 * A link that an admin hands out. It replaces the admin's link before, not a mailed one. With it an
 * account without a password gets one. @throws RESOURCE_NOT_FOUND, CONFLICT for a bot.
 */
export async function makeResetLink(ctx: Context, userId: string): Promise<ResetLink> {
  // Before anything is made: it fails without a page.
  linkTo(ctx.config, 'RESET_URL', '');
  const link_id = newId('link');
  const issued = await ctx.db.transaction(async (trx) => {
    const account = await lockAccount(trx, userId);
    if (account === undefined) throw notFound('User');
    if (account.kind === 'bot') throw new AppError('CONFLICT', 'A bot has no password', { details: { reason: 'bot' } });
    await putLink(trx, { link_id, user_id: userId, purpose: 'admin_reset', email: null, email_key: null });
    return issueToken(trx, link_id, ctx.config.PASSWORD_RESET_TTL);
  });
  const { token, expires_at } = issued as NonNullable<typeof issued>;
  return { url: linkTo(ctx.config, 'RESET_URL', token), expires_at: expires_at.toISOString() };
}
