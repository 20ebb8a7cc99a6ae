import { createIndex, type Knex, type Migration } from '@chatapi/kit/data';

/**
 * Processes of the version before write `display_key` only. What they write has no `fold_version`,
 * and is folded later.
 */
export const foldedNames: Migration = {
  name: '003-folded-names',
  async up(db: Knex): Promise<void> {
    await db.raw(`
      alter table profiles add column folded_name text, add column fold_version smallint;

      create function forget_folded_name() returns trigger language plpgsql as $$
      begin
        if new.display_name is distinct from old.display_name
          and new.folded_name is not distinct from old.folded_name then
          new.folded_name := null;
          new.fold_version := null;
        end if;
        return new;
      end $$;
      create trigger profiles_forget_folded_name before update of display_name on profiles
        for each row execute function forget_folded_name();
    `);
  },
};

export const unfoldedNames: Migration = {
  name: '004-unfolded-names',
  online: (db) => createIndex(db, 'profiles_unfolded', 'on profiles (user_id) where fold_version is null'),
};
