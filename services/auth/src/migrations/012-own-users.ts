import { createIndex, type Migration } from '@chatapi/kit/data';

/** Accounts that applications bring: without email or password, by an id of the application's. */
export const ownUsers: Migration = {
  name: '012-own-users',
  async up(db) {
    await db.raw(`
      alter table accounts alter column email drop not null, alter column email_key drop not null,
        alter column password_hash drop not null,
        add column external_id text,
        add column kind text not null default 'user' check (kind in ('user', 'bot')),
        -- Beside a ban, which others decide: lifting one does not lift the other.
        add column deactivated_at timestamptz,
        -- Number of the last change of the profile by the application.
        add column profile_version bigint not null default 0;

      -- Changes of profiles that the user service has not confirmed: the newest version, with all
      -- that is in it.
      create table profile_changes (
        user_id text primary key references accounts on delete cascade,
        version bigint not null,
        change jsonb not null,
        due_at timestamptz not null
      );
      create index profile_changes_due on profile_changes (due_at);

      -- A session that its maker limits: it has no refresh token.
      alter table sessions add column expires_at timestamptz, add column name text;

      -- Why a ban is one: null, or 'deactivated'.
      alter table revocations add column reason text;
    `);
  },
};

export const ownUsersIndexes: Migration = {
  name: '012-own-users-indexes',
  async online(db) {
    await createIndex(db, 'accounts_external_id', 'on accounts (external_id)', true);
    await createIndex(db, 'sessions_expiry', 'on sessions (expires_at) where expires_at is not null');
  },
};
