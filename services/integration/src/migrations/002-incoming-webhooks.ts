import type { Migration } from '@chatapi/kit/data';

export const incomingWebhooksMigration: Migration = {
  name: '002-incoming-webhooks',
  async up(db) {
    await db.raw(`
      create table incoming_webhooks (
        id text primary key,
        chat_id text not null,
        name text not null,
        bot_id text not null unique,
        -- SHA-256
        secret_hash bytea not null,
        created_by text not null,
        created_at timestamptz not null default clock_timestamp(),
        -- The bot is in the room.
        ready_at timestamptz,
        -- Takes nothing any more; its bot is still to be retired.
        ended_at timestamptz,
        -- Messages that it may send at once, as of filled_at.
        tokens float8 not null default 10,
        filled_at timestamptz not null default clock_timestamp()
      );
      create index incoming_webhooks_room on incoming_webhooks (chat_id, id desc);
      create index incoming_webhooks_unused on incoming_webhooks (created_at) where ended_at is not null or ready_at is null;
    `);
  },
};
