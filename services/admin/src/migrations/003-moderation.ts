import type { Migration } from '@chatapi/kit/data';

export const moderationMigration: Migration = {
  name: '003-moderation',
  async up(db) {
    await db.raw(`
      -- Ids and the reporter's text only: the target is fetched when a report is shown, so that a
      -- deleted one is gone here too.
      create table reports (
        id text primary key,
        reporter_id text not null,
        target_type text not null check (target_type in ('message', 'file', 'user')),
        target_id text not null,
        reason text not null,
        status text not null default 'open' check (status in ('open', 'resolved', 'dismissed')),
        handled_by text,
        handled_at timestamptz,
        note text,
        created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp())
      );
      create unique index reports_once on reports (reporter_id, target_type, target_id) where status = 'open';
      create index reports_queue on reports (status, id desc);
      create index reports_target on reports (target_id, id desc);

      create table announcements (
        id text primary key,
        text text not null,
        created_by text not null,
        created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
        -- Null until it was sent to every node.
        published_at timestamptz
      );
      create index announcements_unpublished on announcements (id) where published_at is null;
    `);
  },
};
