import type { Knex, Migration } from '@chatapi/kit';

export const erasureMigration: Migration = {
  name: '003-erasure',
  async up(db: Knex): Promise<void> {
    await db.raw(`
      -- A mark for ever: what comes late about this person brings nothing back.
      alter table people add column erased_at timestamptz;

      -- Who wrote a room's name and topic.
      alter table rooms add column name_by text, add column topic_by text;

      -- Rooms in whose log a person may stand who neither is in them nor ever sent there: they left, or only reacted.
      create table traces (
        user_id text not null,
        room_id text not null,
        primary key (user_id, room_id)
      );
      create index room_senders_user on room_senders (user_id);
      create index reactions_user on reactions (user_id);

      -- Work under way. A row goes when nothing of the user can come any more and nothing is left.
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
