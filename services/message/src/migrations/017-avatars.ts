import type { Migration } from '@chatapi/kit/data';

export const avatars: Migration = {
  name: '017-avatars',
  async up(db) {
    await db.raw(`
      -- avatar_at: the update of the profile that the avatar is from.
      alter table people add column avatar_url text, add column avatar_at timestamptz;

      create table people_changes (
        user_id text primary key,
        changed_at timestamptz not null default clock_timestamp()
      );
      comment on table people_changes is 'people whose names or avatars changed, until who sees them has been told';

      -- A trigger, so that changes by processes of the version before are told too. The update locks
      -- the row against whoever tells: they would delete it before this change is committed.
      create function note_person_change() returns trigger language plpgsql as $$
        begin
          insert into people_changes (user_id) values (new.user_id)
            on conflict (user_id) do update set changed_at = excluded.changed_at;
          return null;
        end $$;
      create trigger people_note_change after update on people for each row
        when (new.erased_at is null and (old.username, old.display_name, old.avatar_url, old.kind)
          is distinct from (new.username, new.display_name, new.avatar_url, new.kind))
        execute function note_person_change();
    `);
  },
};
