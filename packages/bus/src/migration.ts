import type { Knex } from 'knex';

const factsMigration = {
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

const setAsideMigration = {
  name: '000-facts-set-aside',
  async up(db: Knex): Promise<void> {
    await db.raw(`
      -- Facts whose name this service's version did not know.
      create table facts_set_aside (
        fact_id text primary key,
        name text not null,
        payload jsonb not null,
        set_aside_at timestamptz not null default now()
      );
    `);
  },
};

/** The first migrations of every service that publishes facts or subscribes to them. */
export const factsMigrations = [factsMigration, setAsideMigration];
