import type { Migration } from '@chatapi/kit/data';

export const admissions: Migration = {
  name: '016-admissions',
  async up(db) {
    await db.raw(`
      create table admissions (
        room_id text not null,
        user_id text not null,
        due_at timestamptz not null default clock_timestamp(),
        primary key (room_id, user_id)
      );
      comment on table admissions is 'who becomes a member of a room by an invite to register';
      create index admissions_due on admissions (due_at);
    `);
  },
};
