import type { Migration } from '@chatapi/kit/data';

/**
 * The columns up to `account_updated_at` are copied from auth's facts; the others belong to this
 * service. `display_name` is null until `account.created` arrives, which may be after
 * `account.updated`.
 */
export const profiles: Migration = {
  name: '001-profiles',
  async up(db) {
    await db.raw(`
      create table profiles (
        user_id text primary key,
        username text not null,
        email text not null,
        role text not null,
        status text not null,
        created_at timestamptz not null,
        account_updated_at timestamptz not null,

        display_name text,
        display_key text,
        bio text not null default '',
        avatar_url text,
        profile_updated_at timestamptz,
        last_seen timestamptz
      );
      create index profiles_username on profiles (lower(username), user_id);
    `);
  },
};
