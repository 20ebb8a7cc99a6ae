import type { Knex, Migration } from '@chatapi/kit/data';
import { reactionKey } from './reaction-key.ts';

export const reactionKeysMigration: Migration = {
  name: '011-reaction-keys',
  async up(db: Knex): Promise<void> {
    await db.raw(`
      -- Processes of the version before store the emoji as it was sent.
      create function key_of_reaction() returns trigger language plpgsql as $$
        begin
          new.emoji := ${reactionKey('new.emoji')};
          return new;
        end $$;
      create trigger key_of_reaction before insert on reactions for each row execute function key_of_reaction();
    `);
  },
};
