import type { Migration } from '@chatapi/kit/data';

export const streamBases: Migration = {
  name: '028-stream-bases',
  async up(db) {
    await db.raw(`
      create table stream_bases (
        id text primary key,
        user_id text not null,
        positions jsonb not null,
        used_at timestamptz not null default now()
      );
      comment on table stream_bases is
        'positions of all rooms of a user, on which cursors of event streams stand';
      create index stream_bases_user on stream_bases (user_id, used_at);
      create index stream_bases_used on stream_bases (used_at);
    `);
  },
};
