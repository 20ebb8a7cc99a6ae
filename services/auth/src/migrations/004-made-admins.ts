import type { Migration } from '@chatapi/kit';

/** Which admins of the settings were made, by hash of the name: one that was erased since must not come back by a restart. */
export const madeAdmins: Migration = {
  name: '004-made-admins',
  async up(db) {
    await db.raw('create table made_admins (name_hash text primary key)');
  },
};
