import type { Migration } from '@chatapi/kit/data';

/**
 * Hashes of the names of admins that were created from the settings: an erased one must not be
 * created again at the next start.
 */
export const madeAdmins: Migration = {
  name: '004-made-admins',
  async up(db) {
    await db.raw('create table made_admins (name_hash text primary key)');
  },
};
