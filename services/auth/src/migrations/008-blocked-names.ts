import type { Migration } from '@chatapi/kit/data';

/** Hashes of the usernames of erased accounts, until others may take them. */
export const blockedNames: Migration = {
  name: '008-blocked-names',
  async up(db) {
    await db.raw(`
      create table blocked_names (name_hash text primary key, blocked_until timestamptz not null);
      create index blocked_names_age on blocked_names (blocked_until);
    `);
  },
};
