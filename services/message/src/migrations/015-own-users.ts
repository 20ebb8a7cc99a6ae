import type { Migration } from '@chatapi/kit/data';

export const ownUsersMigration: Migration = {
  name: '015-own-users',
  async up(db) {
    await db.raw(`
      alter table people add column kind text not null default 'user';

      -- Members of general that its row does not count yet: nobody waits for that row to enter.
      create table general_entries (id bigint generated always as identity primary key, entered integer not null);
    `);
  },
};
