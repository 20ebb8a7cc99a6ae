import type { Knex, Migration } from '@chatapi/kit/data';

export const erasureMigration: Migration = {
  name: '003-erasure',
  async up(db: Knex): Promise<void> {
    await db.raw(`
      -- Permanent: late facts about the user restore nothing.
      alter table people add column erased_at timestamptz;

      -- Authors of a room's name and topic.
      alter table rooms add column name_by text, add column topic_by text;

      -- Rooms whose log has events of a user who is not a member and never sent: left or only
      -- reacted.
      create table traces (
        user_id text not null,
        room_id text not null,
        primary key (user_id, room_id)
      );
      create index room_senders_user on room_senders (user_id);
      create index reactions_user on reactions (user_id);

      -- Pending erasures. A row is deleted when no data of the user is left and none can arrive.
      create table erasures (
        user_id text primary key,
        erased_at timestamptz not null,
        due_at timestamptz not null default now()
      );
      create table erased_files (
        file_id text primary key,
        due_at timestamptz not null default now()
      );
    `);
  },
};
