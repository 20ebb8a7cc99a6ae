import type { Migration } from '@chatapi/kit';

/** Who was erased, so that a fact that comes late brings nothing back. */
export const erased: Migration = {
  name: '002-erased',
  async up(db) {
    await db.raw('create table erased (user_id text primary key, erased_at timestamptz not null)');
  },
};
