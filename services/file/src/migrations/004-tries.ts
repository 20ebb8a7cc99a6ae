import type { Migration } from '@chatapi/kit/data';

export const triesMigration: Migration = {
  name: '004-tries',
  async up(db) {
    await db.raw('alter table files add column thumbnail_tries smallint not null default 0');
  },
};
