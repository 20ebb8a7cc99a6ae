import type { Migration } from '@chatapi/kit/data';

export const webhooksMigration: Migration = {
  name: '001-webhooks',
  async up(db) {
    await db.raw(`
      create table webhooks (
        id text primary key,
        url text not null,
        description text not null,
        events text[] not null,
        rooms text[],
        -- By the clock of the log, in ms: where it begins in rooms that it has not met; 0: from the start.
        from_ms float8 not null,
        secret text not null,
        -- Signs too until then.
        secret_before text,
        secret_before_until timestamptz,
        status text not null check (status in ('active', 'paused', 'disabled')),
        paused_reason text,
        delivered bigint not null default 0,
        failed bigint not null default 0,
        last_success_at timestamptz,
        last_failure jsonb,
        created_by text not null,
        created_at timestamptz not null default clock_timestamp(),
        updated_at timestamptz not null default clock_timestamp()
      );

      create table deliveries (
        id text primary key,
        webhook_id text not null references webhooks on delete cascade,
        event_id text not null,
        type text not null,
        chat_id text,
        seq bigint,
        attempt integer not null,
        status text not null check (status in ('delivered', 'failed', 'pending')),
        duration_ms integer not null,
        http_status integer,
        response_body text,
        error text,
        created_at timestamptz not null default clock_timestamp()
      );
      create index deliveries_webhook on deliveries (webhook_id, id desc);
      create index deliveries_status on deliveries (webhook_id, status, id desc);
      create index deliveries_pending on deliveries (webhook_id, event_id) where status = 'pending';
      create index deliveries_age on deliveries (created_at) where status <> 'delivered';

      create table replays (
        id text primary key,
        webhook_id text not null references webhooks on delete cascade,
        since_ms float8 not null,
        -- The next page of rooms comes after it.
        after_room text not null default '',
        created_at timestamptz not null default clock_timestamp()
      );

      -- Facts for webhooks, as a log of their own.
      create table facts_log (
        seq bigint primary key,
        id text not null,
        user_id text,
        frame text not null,
        created_at timestamptz not null default clock_timestamp()
      );
      create index facts_log_user on facts_log (user_id);
      create index facts_log_age on facts_log (created_at);
      -- Its row lock makes the order of seqs the order of commits.
      create table facts_head (
        one boolean primary key default true check (one),
        last_seq bigint not null default 0,
        epoch text not null default replace(gen_random_uuid()::text, '-', '')
      );
      insert into facts_head default values;

      create table erased_accounts (
        user_id text primary key,
        erased_at timestamptz not null default clock_timestamp()
      );
      comment on table erased_accounts is 'erased users: facts about them that come late are not kept';

      create table banned_accounts (
        user_id text primary key,
        banned boolean not null,
        updated_at timestamptz not null
      );
      comment on table banned_accounts is 'whether an account is banned, so that each ban is told once';
    `);
  },
};
