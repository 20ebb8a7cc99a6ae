// SQL of links that work once. An account has one link of each purpose; a new one replaces it. A
// link's tokens are stored as SHA-256, and one is made for each attempt to send it.
import { createHash, randomBytes } from 'node:crypto';
import type { Knex } from '@chatapi/kit/data';
import type { Language, MailKind } from './mail.ts';

/**
 * `admin_reset` is apart from `reset`, so that nobody can end an admin's link by asking for a mail.
 */
export type Purpose = 'reset' | 'admin_reset' | 'verify' | 'change';

/**
 * Somebody who knew the old password may have asked for another address: confirmed later, it would
 * give them the account again.
 */
export const ENDED_BY_NEW_PASSWORD: Purpose[] = ['reset', 'admin_reset', 'change'];

export interface Link {
  link_id: string;
  user_id: string;
  purpose: Purpose;
  email: string | null;
  email_key: string | null;
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** What was mailed to an address is worthless once the account has another one. */
const STILL_COUNTS = `(l.purpose in ('admin_reset', 'change') or l.email_key = a.email_key)`;

export interface IssuedToken {
  token: string;
  expires_at: Date;
}

/** @returns undefined when the link was used or replaced, or the account has another address. */
export async function issueToken(db: Knex, linkId: string, seconds: number): Promise<IssuedToken | undefined> {
  const token = randomBytes(32).toString('base64url');
  const { rows } = await db.raw<{ rows: { expires_at: Date }[] }>(
    `insert into mail_link_tokens (token_hash, link_id, expires_at)
     select ?, l.link_id, clock_timestamp() + ? * interval '1 second' from mail_links l join accounts a using (user_id)
     where l.link_id = ? and ${STILL_COUNTS}
     returning expires_at`,
    [hashOf(token), seconds, linkId],
  );
  return rows[0] && { token, expires_at: rows[0].expires_at };
}

const PUT_LINK = `on conflict (user_id, purpose) do update
  set link_id = excluded.link_id, email = excluded.email, email_key = excluded.email_key, created_at = excluded.created_at`;

/** Replaces the account's link of this purpose. */
export async function putLink(trx: Knex, link: Link): Promise<void> {
  await trx.raw(
    `insert into mail_links (link_id, user_id, purpose, email, email_key)
     values (:link_id, :user_id, :purpose, :email, :email_key) ${PUT_LINK}`,
    { ...link },
  );
}

export interface LinkByEmail {
  purpose: 'reset' | 'verify';
  email_key: string;
  link_id: string;
  mail_id: string;
  kind: MailKind;
  language: Language;
}

/**
 * Makes a link and its mail for the account with this address, which gets it in its own spelling.
 * One statement, and the same for an address without an account. Only an account that is not
 * verified gets one to verify, and only one with a password one to reset it: the others log in by
 * ways that a mailbox must not open. @returns whether there is such an account.
 */
export async function mailLinkByEmail(trx: Knex, link: LinkByEmail): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    `with made as (
       insert into mail_links (link_id, user_id, purpose, email, email_key)
       select :link_id, user_id, :purpose, email, email_key from accounts
       where email_key = :email_key and case when :purpose = 'reset' then password_hash is not null else not email_verified end
       ${PUT_LINK} returning user_id, email)
     insert into mails (mail_id, kind, user_id, recipient, language, link_id)
     select :mail_id, :kind, user_id, email, :language, :link_id from made`,
    { ...link },
  );
  return rowCount > 0;
}

/** The link of a token that is valid now. */
export async function linkOfToken(db: Knex, token: string, purposes: Purpose[]): Promise<Link | undefined> {
  const { rows } = await db.raw<{ rows: Link[] }>(
    `select l.link_id, l.user_id, l.purpose, l.email, l.email_key
     from mail_link_tokens t join mail_links l using (link_id)
     where t.token_hash = ? and t.expires_at > clock_timestamp() and l.purpose = any(?)`,
    [hashOf(token), purposes],
  );
  return rows[0];
}

/**
 * Call it while the account is locked. Of two at once, one gets it.
 * @returns false when it was used or replaced, or proves an address that the account no longer has.
 */
export async function useLink(trx: Knex, linkId: string): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    `delete from mail_links l using accounts a
     where l.link_id = ? and a.user_id = l.user_id
       and ${STILL_COUNTS}`,
    [linkId],
  );
  return rowCount > 0;
}

export async function endLinks(trx: Knex, userId: string, purposes: Purpose[]): Promise<void> {
  await trx.raw('delete from mail_links where user_id = ? and purpose = any(?)', [userId, purposes]);
}

/** Links are older than the longest try to send them and the longest validity of a token. */
export async function deleteOldLinks(db: Knex): Promise<void> {
  await db.raw(
    `delete from mail_link_tokens where token_hash = any(array(
       select token_hash from mail_link_tokens where expires_at < now() order by expires_at limit 1000))`,
  );
  await db.raw(
    `delete from mail_links where link_id = any(array(
       select link_id from mail_links where created_at < now() - interval '9 days' order by created_at limit 1000))`,
  );
}
