import type { Migration } from '@chatapi/kit';

export const privacyMigration: Migration = {
  name: '003-privacy',
  async up(db) {
    await db.raw(`
      -- Who was erased: a mark for ever, against what comes late. due_at is null when the work is done.
      create table erased (
        user_id text primary key,
        erased_at timestamptz not null,
        due_at timestamptz default now()
      );
      create index files_of_user on files (uploaded_by);

      -- One archive a user. The job is due until status is settled.
      create table exports (
        id text primary key,
        user_id text not null unique,
        status text not null check (status in ('pending', 'ready')),
        size bigint,
        created_at timestamptz not null,
        finished_at timestamptz,
        expires_at timestamptz
      );
    `);
  },
};
