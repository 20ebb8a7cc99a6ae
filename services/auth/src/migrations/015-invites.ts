import type { Migration } from '@chatapi/kit/data';

export const invites: Migration = {
  name: '015-invites',
  async up(db) {
    await db.raw(`
      create table invites (
        id text primary key,
        code_hash bytea not null unique,
        max_uses int not null,
        uses int not null default 0,
        expires_at timestamptz not null,
        rooms text[] not null,
        created_at timestamptz not null default clock_timestamp(),
        check (uses between 0 and max_uses)
      );
      comment on table invites is 'codes with which somebody may register, by SHA-256';
      create index invites_age on invites (expires_at);
    `);
  },
};
