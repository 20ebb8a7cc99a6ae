import type { Knex, Migration } from '@chatapi/kit/data';

/**
 * Processes of the version before know none of the new columns. What they insert or edit has no
 * `search_version` (or no `version`), and is folded later.
 */
export const searchColumnsMigration: Migration = {
  name: '006-search-columns',
  async up(db: Knex): Promise<void> {
    await db.raw(`
      -- The words of the content, made by the service. search_version is null where they are
      -- missing.
      alter table messages
        add column search tsvector,
        add column search_version smallint,
        -- Names that the content mentions and that nobody was known to have.
        add column unknown_names text[];

      create function forget_search() returns trigger language plpgsql as $$
      begin
        if new.content is distinct from old.content and new.search is not distinct from old.search then
          new.search := null;
          new.search_version := null;
        end if;
        return new;
      end $$;
      create trigger messages_forget_search before update of content on messages
        for each row execute function forget_search();

      -- Folded names and topics of rooms. A table of its own, since each send writes a new version
      -- of its room's row.
      create table room_words (
        room_id text primary key,
        words text,
        version smallint
      );
      create index room_words_missing on room_words (room_id) where version is null;

      create function forget_room_words() returns trigger language plpgsql as $$
      begin
        insert into room_words (room_id) values (new.id)
        on conflict (room_id) do update set words = null, version = null;
        return null;
      end $$;
      create trigger rooms_named after insert on rooms
        for each row when (new.name is not null or new.topic is not null) execute function forget_room_words();
      create trigger rooms_renamed after update of name, topic on rooms
        for each row when (new.name is distinct from old.name or new.topic is distinct from old.topic)
        execute function forget_room_words();

      -- When messages that name the person are to be completed. Null: done, or known before.
      alter table people
        add column created_at timestamptz, add column known_at timestamptz, add column naming_due_at timestamptz;
      alter table people alter column known_at set default clock_timestamp(),
        alter column naming_due_at set default clock_timestamp();
    `);
  },
};
