import type { Migration } from '@chatapi/kit/data';

export const beforeMessageMigration: Migration = {
  name: '003-before-message',
  async up(db) {
    await db.raw(`
      -- One row for all time: a deleted hook leaves its revision, so that the next one is newer.
      create table before_message_hook (
        one boolean primary key default true check (one),
        -- Times in ms, so that they rise after a restore too.
        revision bigint not null default 0,
        -- What the message service was told last.
        told_revision bigint not null default 0,
        url text,
        secret text,
        timeout_ms integer,
        on_failure text check (on_failure in ('accept', 'reject')),
        rooms text[],
        created_by text,
        created_at timestamptz,
        updated_at timestamptz
      );
      insert into before_message_hook default values;
    `);
  },
};
