import type { Migration } from '@chatapi/kit/data';

export const privacyMigration: Migration = {
  name: '003-privacy',
  async up(db) {
    await db.raw(`
      -- A permanent mark of erased users, against late facts. due_at is null when the work is done.
      create table erased (
        user_id text primary key,
        erased_at timestamptz not null,
        due_at timestamptz default now()
      );
      create index files_of_user on files (uploaded_by);

      -- One archive per user. The job is due while status is pending.
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
