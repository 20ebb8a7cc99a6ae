// SQL of the queue of mails. A mail is leased by moving `due_at` into the future and counting the
// attempt: whoever dies with it loses it to another instance when the lease ends.
import type { Knex, PipelinedPool } from '@chatapi/kit/data';
import type { Language, MailKind, Told } from './mail.ts';

export interface NewMail {
  mail_id: string;
  kind: MailKind;
  user_id: string;
  recipient: string;
  language: Language;
  told: Told;
  link_id: string | null;
}

export interface LeasedMail extends NewMail {
  username: string;
  created_at: Date;
  /** With this one. */
  attempts: number;
}

export async function insertMail(trx: Knex, mail: NewMail): Promise<void> {
  await trx.raw(
    `insert into mails (mail_id, kind, user_id, recipient, language, told, link_id)
     values (:mail_id, :kind, :user_id, :recipient, :language, :told, :link_id)`,
    { ...mail, told: JSON.stringify(mail.told) },
  );
}

export async function isMailDue(reads: PipelinedPool): Promise<boolean> {
  const text = 'select 1 from mails where due_at <= clock_timestamp() limit 1';
  const { rows } = await reads.query({ name: 'mail-due', text, values: [] });
  return rows.length > 0;
}

/** Takes due mails that no other instance is taking, the one that waits longest first. */
export async function leaseMails(db: Knex, limit: number, leaseS: number): Promise<LeasedMail[]> {
  const { rows } = await db.raw<{ rows: LeasedMail[] }>(
    `update mails m set due_at = clock_timestamp() + :leaseS * interval '1 second', attempts = m.attempts + 1
     from accounts a, (
       select mail_id from mails where due_at <= clock_timestamp() order by due_at limit :limit for update skip locked
     ) due
     where m.mail_id = due.mail_id and a.user_id = m.user_id
     returning m.mail_id, m.kind, m.user_id, m.recipient, m.language, m.told, m.link_id, m.created_at, m.attempts, a.username`,
    { limit, leaseS },
  );
  return rows;
}

/** Does nothing after the lease has ended and another instance has the mail. */
export async function removeMail(db: Knex, { mail_id, attempts }: LeasedMail): Promise<void> {
  await db.raw('delete from mails where mail_id = ? and attempts = ?', [mail_id, attempts]);
}

/** As `removeMail`. */
export async function postponeMail(db: Knex, { mail_id, attempts }: LeasedMail, seconds: number): Promise<void> {
  await db.raw(
    `update mails set due_at = clock_timestamp() + ? * interval '1 second' where mail_id = ? and attempts = ?`,
    [seconds, mail_id, attempts],
  );
}

/** How many mails wait, and the age in seconds of the oldest. */
export async function mailBacklog(db: Knex): Promise<{ waiting: number; oldest_s: number }> {
  const { rows } = await db.raw<{ rows: { waiting: number; oldest_s: number }[] }>(
    `select cast(count(*) as int) as waiting,
       cast(coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0) as float8) as oldest_s
     from mails`,
  );
  return rows[0] as { waiting: number; oldest_s: number };
}
