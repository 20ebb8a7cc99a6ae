import type { Migration } from '@chatapi/kit/data';

// Facts come in any order: deleted rows stay, and columns that a later fact fills are nullable.
export const statisticsMigration: Migration = {
  name: '001-statistics',
  async up(db) {
    await db.raw(`
      create table accounts (
        user_id text primary key,
        status text,
        created_at timestamptz,
        updated_at timestamptz,
        seen_at timestamptz
      );
      create index accounts_seen on accounts (seen_at);
      create index accounts_created on accounts (created_at);
      create index accounts_banned on accounts (user_id) where status = 'banned';

      create table rooms (
        room_id text primary key,
        kind text,
        updated_at timestamptz,
        deleted boolean not null default false
      );
      create index rooms_kind on rooms (kind) where not deleted;

      -- All messages ever, over a few rows so that handlers of facts don't queue for one.
      create table message_totals (
        shard smallint primary key,
        count bigint not null
      );
      insert into message_totals select n, 0 from generate_series(0, 7) n;

      -- The last day by second; older rows are removed.
      create table message_seconds (
        second timestamptz primary key,
        count integer not null
      );

      create table files (
        file_id text primary key,
        bytes bigint not null,
        deleted boolean not null default false
      );
      create index files_live on files (bytes) where not deleted;
    `);
  },
};
