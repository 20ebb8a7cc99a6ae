import type { Knex, Migration } from '@chatapi/kit';

/** Every table of the log is keyed by room first, so that it can be spread over machines by room. */
export const logMigration: Migration = {
  name: '001-log',
  async up(db: Knex): Promise<void> {
    await db.raw(`
      -- What this service knows of accounts and profiles, from facts; the newest time of each side wins.
      create table people (
        user_id text primary key,
        username text not null,
        display_name text not null default '',
        account_at timestamptz not null,
        profile_at timestamptz
      );
      create index people_username on people (lower(username));

      create table rooms (
        id text primary key,
        kind text not null check (kind in ('public', 'private', 'direct')),
        name text,
        topic text,
        -- The room's counter: its row lock makes the order of seq the order of commits.
        last_seq bigint not null default 0,
        -- Messages ever made here, deleted ones included: unread counts are differences, not scans.
        message_count bigint not null default 0,
        last_message_seq bigint,
        member_count integer not null default 0,
        -- Grows with every change of kind, membership or life: what an instance remembers of rights is checked by it.
        version integer not null default 1,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        active_at timestamptz not null default now(),
        -- A deleted room keeps its row: its id stays taken.
        deleted_at timestamptz
      ) with (fillfactor = 70);
      create index rooms_public on rooms (id) where kind = 'public' and deleted_at is null;

      create table room_members (
        room_id text not null references rooms,
        user_id text not null,
        role text not null check (role in ('owner', 'moderator', 'member')),
        joined_at timestamptz not null default clock_timestamp(),
        read_seq bigint not null default 0,
        -- Messages by others up to read_seq.
        read_others bigint not null default 0,
        primary key (room_id, user_id)
      ) with (fillfactor = 70);
      create index room_members_user on room_members (user_id, room_id);
      create index room_members_read on room_members (room_id, read_seq desc);

      -- The two users whose connections took the most of each room: enough for any message's status, whoever sent it. One narrow
      -- row a room, without a further index, since it changes several times a second while the room lives.
      create table room_deliveries (
        room_id text primary key,
        first_user text not null,
        first_seq bigint not null,
        second_user text,
        second_seq bigint not null default 0
      ) with (fillfactor = 50);

      -- How many messages each person ever sent into each room. Apart from room_members, so that sending and reading never lock each other.
      create table room_senders (
        room_id text not null,
        user_id text not null,
        sent bigint not null,
        primary key (room_id, user_id)
      ) with (fillfactor = 70);

      create table messages (
        room_id text not null,
        seq bigint not null,
        id text not null,
        sender_id text not null,
        recipient_id text,
        client_id text,
        -- Of the first body under client_id: another one is CONFLICT, also after an edit.
        body_hash text,
        content text not null,
        message_type text not null,
        attachments jsonb not null,
        reply_to text,
        mentions text[] not null,
        thread_count integer not null default 0,
        is_edited boolean not null default false,
        is_deleted boolean not null default false,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        primary key (room_id, seq)
      );
      create index messages_id on messages (id);
      create unique index messages_client on messages (room_id, sender_id, client_id) where client_id is not null;
      create index messages_thread on messages (room_id, reply_to, seq) where reply_to is not null;
      create index messages_deleted on messages (room_id, seq, sender_id) where is_deleted;
      create index messages_attached on messages using gin (attachments jsonb_path_ops) where attachments <> '[]';
      create index messages_search on messages using gin (to_tsvector('simple', content)) where not is_deleted;

      create table reactions (
        room_id text not null,
        seq bigint not null,
        emoji text not null,
        user_id text not null,
        created_at timestamptz not null default clock_timestamp(),
        primary key (room_id, seq, emoji, user_id)
      );

      -- The log. (room_id, seq) is unique through the room's row lock; the key must hold the partition's column.
      create table room_events (
        room_id text not null,
        seq bigint not null,
        created_at timestamptz not null,
        sender text not null,
        -- Of an edit: the message whose text is in the frame, to find the frames to scrub when it is deleted. A message's own event
        -- stands at the message's seq, so that a send costs no entry in a further index.
        message_id text,
        frame text not null,
        primary key (room_id, seq, created_at)
      ) partition by range (created_at);
      create index room_events_message on room_events (message_id) where message_id is not null;

      -- What was committed and perhaps not yet published: one row per commit, gone soon after.
      create table unpublished (
        id text primary key,
        room_ids text[] not null,
        first_seqs bigint[] not null,
        last_seqs bigint[] not null,
        -- Records to single users (membership), as JSON.
        notices text,
        created_at timestamptz not null default clock_timestamp()
      );

      insert into rooms (id, kind, name) values ('general', 'public', 'General');
    `);
  },
};
