import type { Knex, Migration } from '@chatapi/kit/data';

export const clientKeyMigration: Migration = {
  name: '004-client-key',
  async up(db: Knex): Promise<void> {
    await db.raw(`
      -- The index build may exceed the service's statement timeout.
      set local statement_timeout = 0;

      -- One expression instead of three columns: without statistics, PostgreSQL used messages_pkey
      -- instead of an index starting with room_id and read the whole room for each send.
      drop index messages_client;
      create unique index messages_client on messages ((room_id || ' ' || sender_id || ' ' || client_id)) where client_id is not null;
    `);
  },
};
