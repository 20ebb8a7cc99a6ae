// Requests of mails by somebody who is not logged in. Whether the address has an account, and
// whether a limit was met, changes neither the answer nor which statements run.
import { newId, securityEvent } from '@chatapi/kit';
import { accountByEmail } from '../account-store.ts';
import type { Context } from '../context.ts';
import { mailLinkByEmail } from '../mail/link-store.ts';
import { requireMail } from '../mail/queue.ts';
import { nameKey, unknownNameKey } from '../name-key.ts';
import type { RequestOrigin } from '../session-store.ts';
import { mayMail } from './request-limit.ts';

const KINDS = {
  reset: { kind: 'password-reset', event: 'password.reset_requested' },
  verify: { kind: 'email-confirmation', event: 'email.confirmation_requested' },
} as const;

async function requestLink(
  ctx: Context,
  purpose: keyof typeof KINDS,
  email: string,
  from: RequestOrigin,
): Promise<void> {
  requireMail(ctx);
  const { kind, event } = KINDS[purpose];
  const email_key = nameKey(email);
  const { language, ip, request_id } = from;
  const user_id = (await accountByEmail(ctx.db, email_key))?.user_id;
  const account = `${purpose} ${user_id ?? unknownNameKey(email_key)}`;
  const outcome = await ctx.db.transaction(async (trx) => {
    const allowed = await mayMail(ctx, trx, { ip, account });
    if (!allowed) return 'limited';
    const made = { purpose, email_key, link_id: newId('link'), mail_id: newId('mail'), kind, language };
    return (await mailLinkByEmail(trx, made)) ? 'queued' : 'unknown';
  });
  if (outcome === 'queued') ctx.mailMetrics.count('queued');
  const isLimited = outcome === 'limited';
  securityEvent(ctx, isLimited ? 'limit.reached' : event, {
    user_id,
    ip,
    request_id,
    ...(isLimited ? { action: event, reason: 'mail' } : {}),
  });
}

export const requestPasswordReset = (ctx: Context, from: RequestOrigin, email: string): Promise<void> =>
  requestLink(ctx, 'reset', email, from);

export const resendConfirmation = (ctx: Context, from: RequestOrigin, email: string): Promise<void> =>
  requestLink(ctx, 'verify', email, from);
