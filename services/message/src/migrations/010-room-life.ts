import { createIndex, type Knex, type Migration } from '@chatapi/kit/data';

export const roomLifeMigration: Migration = {
  name: '010-room-life',
  async online(db: Knex): Promise<void> {
    // Answers whether a room has an owner without a look at its other members.
    await createIndex(db, 'room_members_owners', `on room_members (room_id) where role = 'owner'`);
    // No index of rooms: on a new database it would change the plan of the send statement.
  },
  async up(db: Knex): Promise<void> {
    await db.raw(`
      alter table rooms add column archived_at timestamptz;

      -- What outlives a membership. read_seq and read_others: as in room_members. left_seq: the
      -- event of the leaving. version: the room's, raised by the leaving.
      create table former_members (
        room_id text not null references rooms,
        user_id text not null,
        left_seq bigint not null,
        version integer not null,
        read_seq bigint not null,
        read_others bigint not null,
        primary key (room_id, user_id)
      );
      -- Finds who left since a version of the room.
      create index former_members_version on former_members (room_id, version);

      -- When the muted user last came or went.
      alter table room_mutes add column moved_at timestamptz;

      -- Whether the other sides of the user's direct rooms have been told.
      alter table erasures add column peers_told boolean not null default false;
    `);
  },
};
