import { recordFact } from '@chatapi/bus';
import type { Knex, Migration } from '@chatapi/kit/data';

export const moderationMigration: Migration = {
  name: '002-moderation',
  async up(db: Knex): Promise<void> {
    await db.raw(`
      -- Separate from room_members: a mute outlasts leaving and rejoining.
      create table room_mutes (
        room_id text not null references rooms,
        user_id text not null,
        until timestamptz not null,
        primary key (room_id, user_id)
      );

      alter table rooms add column slow_mode_seconds integer not null default 0;
      -- Last send of each user subject to slow mode. Written only in rooms with slow mode.
      create table room_turns (
        room_id text not null,
        user_id text not null,
        sent_at timestamptz not null,
        primary key (room_id, user_id)
      );

      -- One row. Each instance compiles it once per revision.
      create table word_filter (
        id boolean primary key default true check (id),
        revision bigint not null,
        words jsonb not null,
        updated_at timestamptz not null
      );
      insert into word_filter (revision, words, updated_at) values (0, '[]', now());
    `);
    // The migration creates `general` without a request; subscribers that count rooms need the
    // fact.
    const general = await db('rooms').where('id', 'general').first('created_at');
    await recordFact(db, 'room.created', {
      room_id: 'general',
      kind: 'public',
      created_at: (general.created_at as Date).toISOString(),
    });
  },
};
