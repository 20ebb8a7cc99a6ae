import type { Migration } from '@chatapi/kit/data';

export const seriesMigration: Migration = {
  name: '007-series',
  async up(db) {
    await db.raw(`
      -- The last 30 days by minute, for charts.
      create table series_minutes (
        minute timestamptz primary key,
        -- Without deleted ones.
        messages bigint not null default 0,
        -- The most at a time; null: nobody looked.
        users_online integer,
        connections integer
      );

      -- Counts of one gateway process, which tells its totals of a minute again and again.
      create table request_minutes (
        minute timestamptz not null,
        source text not null,
        requests bigint not null,
        errors bigint not null,
        rate_limited bigint not null,
        primary key (minute, source)
      );
    `);
  },
};
