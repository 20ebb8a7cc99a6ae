import type { Knex, Migration } from '@chatapi/kit/data';

/** Keys of the log's tables start with the room, so that they can be sharded by room. */
export const logMigration: Migration = {
  name: '001-log',
  async up(db: Knex): Promise<void> {
    await db.raw(`
      -- Accounts and profiles, from facts. Per source, the newest time wins.
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
        -- The row lock makes the order of seqs the order of commits.
        last_seq bigint not null default 0,
        -- Messages ever created, including deleted ones, to compute unread counts without a scan.
        message_count bigint not null default 0,
        last_message_seq bigint,
        member_count integer not null default 0,
        -- Raised by changes of permissions: validates the access cache of every instance.
        version integer not null default 1,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        active_at timestamptz not null default now(),
        -- A deleted room keeps its row, so that its id is not reused.
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

      -- The two users with the furthest deliveries per room: enough for the status of any message.
      -- One narrow row without another index, since it changes several times a second.
      create table room_deliveries (
        room_id text primary key,
        first_user text not null,
        first_seq bigint not null,
        second_user text,
        second_seq bigint not null default 0
      ) with (fillfactor = 50);

      -- Messages sent per user and room. Separate from room_members, so that sends and reads do not
      -- lock each other.
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
        -- Hash of the first body with this client_id: another body is CONFLICT, also after an edit.
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

      -- The room log. The room's row lock makes (room_id, seq) unique; the primary key must include
      -- the partition column.
      create table room_events (
        room_id text not null,
        seq bigint not null,
        created_at timestamptz not null,
        sender text not null,
        -- For an edit: the message whose text is in the frame, to redact it on deletion. The event
        -- of a send is found by the message's seq, which saves an index entry per send.
        message_id text,
        frame text not null,
        primary key (room_id, seq, created_at)
      ) partition by range (created_at);
      create index room_events_message on room_events (message_id) where message_id is not null;

      -- Commits that may not be published yet: one row per commit, deleted soon after.
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
