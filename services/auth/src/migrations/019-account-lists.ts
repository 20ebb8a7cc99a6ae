import { createIndex, type Knex, type Migration } from '@chatapi/kit/data';

/** Lists of accounts in order of their last use, however many there are. */
export const accountLists: Migration = {
  name: '019-account-lists',
  async online(db: Knex): Promise<void> {
    await createIndex(db, 'accounts_last_seen', 'on accounts (coalesce(seen_at, created_at), user_id)');
  },
};
