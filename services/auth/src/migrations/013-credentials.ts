import type { Migration } from '@chatapi/kit/data';

/** A bot's tokens have its `user_id`; an application key has none. */
export const credentials: Migration = {
  name: '013-credentials',
  async up(db) {
    await db.raw(`
      create table credentials (
        credential_id text primary key,
        kind text not null check (kind in ('key', 'bot')),
        user_id text references accounts on delete cascade,
        token_hash bytea not null unique,
        name text not null,
        scopes text[] not null,
        rooms text[],
        created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
        expires_at timestamptz,
        last_used_at timestamptz,
        check ((kind = 'bot') = (user_id is not null))
      );
      create index credentials_of_bots on credentials (user_id) where user_id is not null;
      create index application_keys on credentials (credential_id desc) where kind = 'key';
    `);
  },
};
