import type { Migration } from '@chatapi/kit/data';

/**
 * Tokens reference no link by a key: a new link replaces the one before in one statement, and what
 * is left of the old tokens finds none.
 */
export const mail: Migration = {
  name: '016-mail',
  async up(db) {
    await db.raw(`
      create table mails (
        mail_id text primary key,
        kind text not null,
        user_id text not null references accounts on delete cascade,
        recipient text not null,
        language text not null,
        told jsonb not null default '{}',
        link_id text,
        created_at timestamptz not null default clock_timestamp(),
        due_at timestamptz not null default clock_timestamp(),
        attempts int not null default 0
      );
      comment on column mails.told is 'what the text names besides the account; never a token';
      create index mails_due on mails (due_at);
      create index mails_user on mails (user_id);

      create table mail_links (
        user_id text not null references accounts on delete cascade,
        purpose text not null check (purpose in ('reset', 'admin_reset', 'verify', 'change')),
        link_id text not null constraint mail_links_id unique,
        email text,
        email_key text,
        created_at timestamptz not null default clock_timestamp(),
        primary key (user_id, purpose)
      );
      comment on column mail_links.email_key is 'the address that the link proves; null: an admin handed it out';
      create index mail_links_age on mail_links (created_at);

      create table mail_link_tokens (
        token_hash bytea primary key,
        link_id text not null,
        expires_at timestamptz not null
      );
      create index mail_link_tokens_age on mail_link_tokens (expires_at);

      create table mail_requests (
        key text not null,
        at timestamptz not null default clock_timestamp()
      );
      comment on table mail_requests is 'mails asked for in the last hour, by account and by address';
      create index mail_requests_key on mail_requests (key, at);
      create index mail_requests_age on mail_requests (at);
    `);
  },
};
