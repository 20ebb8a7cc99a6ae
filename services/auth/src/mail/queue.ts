// Queues mails in the transaction of their cause. A job sends them (mail-job.ts).
import { AppError, newId } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { Context } from '../context.ts';
import type { RequestOrigin } from '../session-store.ts';
import type { MailKind, Told } from './mail.ts';
import { mailMode } from './mail-settings.ts';
import { insertMail } from './mail-store.ts';

/** Call it before anything is looked up. @throws SERVICE_UNAVAILABLE when nothing can be sent. */
export function requireMail({ config }: Pick<Context, 'config'>): void {
  if (mailMode(config) !== 'off') return;
  throw new AppError('SERVICE_UNAVAILABLE', 'This server sends no mail', {
    details: { reason: 'mail_not_configured' },
  });
}

export interface Queued {
  kind: MailKind;
  user_id: string;
  /** As the account has it. Null: the account has none, and nothing is sent. */
  recipient: string | null;
  told?: Told;
  link_id?: string;
}

/** Without a mail server nothing is queued: a notice a day late helps nobody. */
export async function queueMail(
  ctx: Pick<Context, 'config' | 'mailMetrics'>,
  trx: Knex,
  { language }: Pick<RequestOrigin, 'language'>,
  { kind, user_id, recipient, told = {}, link_id }: Queued,
): Promise<void> {
  if (recipient === null || mailMode(ctx.config) === 'off') return;
  await insertMail(trx, { mail_id: newId('mail'), kind, user_id, recipient, language, told, link_id: link_id ?? null });
  ctx.mailMetrics.count('queued');
}

/** A notice of something that was done with the account, with when and from where. */
export const queueNotice = (
  ctx: Pick<Context, 'config' | 'mailMetrics'>,
  trx: Knex,
  from: Pick<RequestOrigin, 'language' | 'ip'>,
  { told, ...mail }: Omit<Queued, 'link_id'>,
): Promise<void> =>
  queueMail(ctx, trx, from, { ...mail, told: { at: new Date().toISOString(), ip: from.ip, ...told } });
