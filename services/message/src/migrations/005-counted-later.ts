import type { Knex, Migration } from '@chatapi/kit/data';

export const countedLaterMigration: Migration = {
  name: '005-counted-later',
  async up(db: Knex): Promise<void> {
    await db.raw(`
      -- Number and creation time of the commit's messages, published as a fact when the row is
      -- deleted. Facts of older rows were published at the commit.
      alter table unpublished add column made integer not null default 0, add column made_at timestamptz;
    `);
  },
};
