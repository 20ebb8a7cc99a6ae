import type { Migration } from '@chatapi/kit/data';

/** Several per user while one replaces another: the profile says which counts. */
export const avatarsMigration: Migration = {
  name: '005-avatars',
  async up(db) {
    await db.raw(`
      create table avatars (
        id text primary key,
        user_id text not null,
        -- Of the stored bytes: the address of an avatar never shows another one.
        hash text not null,
        size integer not null,
        created_at timestamptz not null default clock_timestamp(),
        unique (user_id, hash)
      );
    `);
  },
};
