import type { Migration } from '@chatapi/kit/data';

export const connectionsMigration: Migration = {
  name: '008-connections',
  async up(db) {
    await db.raw(`
      -- Sockets of the last 7 days, as realtime nodes tell: who was connected when, and where.
      create table connections (
        id text primary key,
        user_id text not null,
        node text not null,
        opened_at timestamptz not null,
        closed_at timestamptz,
        close_code integer
      );
      create index connections_of_user on connections (user_id, opened_at desc);
      create index connections_age on connections (opened_at);

      -- When a node process was last heard: what it had open ended then, unless it told otherwise.
      create table connection_nodes (
        node text primary key,
        instance text not null,
        heard_at timestamptz not null
      );

      create index reports_created on reports (created_at);
    `);
  },
};
