import type { Knex, Migration } from '@chatapi/kit';

export const countedLaterMigration: Migration = {
  name: '005-counted-later',
  async up(db: Knex): Promise<void> {
    await db.raw(`
      -- The messages that the commit made and the time that they bear: told as a fact when the row goes, together with others. Rows
      -- from before have told theirs.
      alter table unpublished add column made integer not null default 0, add column made_at timestamptz;
    `);
  },
};
