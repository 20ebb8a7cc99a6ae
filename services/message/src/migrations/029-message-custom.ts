import type { Migration } from '@chatapi/kit/data';

export const messageCustom: Migration = {
  name: '029-message-custom',
  async up(db) {
    await db.raw(`
      -- Not jsonb: it comes back as it was sent. Null: none.
      alter table messages add column custom json;
    `);
  },
};
