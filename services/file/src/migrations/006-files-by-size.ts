import { createIndex, type Knex, type Migration } from '@chatapi/kit/data';

/** The largest files, of everybody and of one uploader. */
export const filesBySizeMigration: Migration = {
  name: '006-files-by-size',
  async online(db: Knex): Promise<void> {
    await createIndex(db, 'files_by_size', 'on files (size desc, id desc) where deleted_at is null');
  },
};
