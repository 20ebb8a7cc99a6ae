import type { Migration } from '@chatapi/kit';

/**
 * The left half is auth's truth as last heard; the right half is our own. `display_name` stays null until somebody has
 * said what it is: a fact of a change may arrive before the one of the creation, which bears the name.
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
