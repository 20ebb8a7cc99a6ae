import type { Migration } from '@chatapi/kit/data';

export const filesMigration: Migration = {
  name: '001-files',
  async up(db) {
    await db.raw(`
      -- A deleted file keeps its emptied row, so that deleting it again gives the same answer.
      create table files (
        id text primary key,
        filename text not null,
        content_type text not null,
        size bigint not null,
        sha256 text not null,
        description text,
        uploaded_by text not null,
        thumbnail text not null check (thumbnail in ('none', 'pending', 'ready')),
        created_at timestamptz not null,
        deleted_at timestamptz,
        missing_since timestamptz
      );
      create index files_mine on files (uploaded_by, id desc) where deleted_at is null;
      create index files_without_thumbnail on files (id) where thumbnail = 'pending' and deleted_at is null;
      create index files_live on files (id) where deleted_at is null;
      create table usage (
        user_id text primary key,
        bytes bigint not null check (bytes >= 0)
      );
    `);
  },
};
