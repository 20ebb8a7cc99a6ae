import type { Migration } from '@chatapi/kit/data';

/** Erased users, so that a late fact does not bring one back. */
export const erased: Migration = {
  name: '002-erased',
  async up(db) {
    await db.raw('create table erased (user_id text primary key, erased_at timestamptz not null)');
  },
};
