import type { Knex, Migration } from '@chatapi/kit';

export const clientKeyMigration: Migration = {
  name: '004-client-key',
  async up(db: Knex): Promise<void> {
    await db.raw(`
      -- Building it may take longer than a statement of the service may.
      set local statement_timeout = 0;

      -- One expression instead of three columns: beside an index that begins with room_id, PostgreSQL chose messages_pkey for the
      -- lookup of repeats while it knew little of the table, and read the whole room for each send.
      drop index messages_client;
      create unique index messages_client on messages ((room_id || ' ' || sender_id || ' ' || client_id)) where client_id is not null;
    `);
  },
};
