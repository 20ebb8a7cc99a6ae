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

const followerMigration = {
  name: '000-followers',
  async up(db: Knex): Promise<void> {
    await db.raw(`
      create table follower_positions (
        follower text not null,
        room_id text not null,
        shard smallint not null,
        -- The last event that was handled; null: not known yet where the follower begins.
        seq bigint,
        head bigint not null,
        -- Raised when the position goes back, so that work from before moves it no more.
        generation integer not null default 0,
        attempt integer not null default 0,
        failing_since timestamptz,
        -- Since when there is something to do, and when it may be tried.
        behind_since timestamptz not null default clock_timestamp(),
        due_at timestamptz not null default clock_timestamp(),
        primary key (follower, room_id)
      ) with (fillfactor = 70);
      comment on table follower_positions is 'where each follower of the log is, in rooms with events since it began';
      create index follower_positions_due on follower_positions (follower, due_at) include (shard)
        where seq is null or seq < head;

      create table follower_instances (
        instance text primary key,
        until timestamptz not null
      );
      create table follower_shards (
        shard smallint primary key,
        holder text,
        until timestamptz not null default '-infinity'
      );
      comment on table follower_shards is 'which instance works for the rooms of a shard, under a lease';
      insert into follower_shards (shard) select generate_series(0, 63);

      create table follower_comparison (
        one boolean primary key default true check (one),
        -- In ms by the clock of the log: all moves until then are noted. Null: of no interest yet.
        since_ms float8,
        asked integer not null default 0,
        due_at timestamptz not null default '-infinity'
      );
      insert into follower_comparison default values;
    `);
  },
};

/** Migrations of a service that follows the log. */
export const followerMigrations = [followerMigration];
