import type { Migration } from '@chatapi/kit/data';

/** A bot is an account of kind `bot`. Without an owner only admins and applications manage it. */
export const bots: Migration = {
  name: '018-bots',
  async up(db) {
    await db.raw(`
      create table bots (
        user_id text primary key references accounts on delete cascade,
        owner_id text references accounts on delete set null
      );
      create index bots_of_owners on bots (owner_id, user_id desc);
    `);
  },
};
