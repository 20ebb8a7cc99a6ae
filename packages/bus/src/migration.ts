import type { Knex } from 'knex';

/** Put first in the migrations of every service that tells or hears facts. */
export const factsMigration = {
  name: '000-facts',
  async up(db: Knex): Promise<void> {
    await db.raw(`
      create table outbox (
        id text primary key,
        name text not null,
        payload jsonb not null,
        waiting_for text[] not null,
        offered_at timestamptz
      );
      create index outbox_unoffered on outbox (id) where offered_at is null;
      create table inbox (
        fact_id text primary key,
        handled_at timestamptz not null default now()
      );
      create index inbox_age on inbox (handled_at);
    `);
  },
};
