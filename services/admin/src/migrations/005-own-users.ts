import type { Migration } from '@chatapi/kit/data';

export const ownUsersMigration: Migration = {
  name: '005-own-users',
  async up(db) {
    await db.raw("alter table accounts add column kind text not null default 'user'");
  },
};
