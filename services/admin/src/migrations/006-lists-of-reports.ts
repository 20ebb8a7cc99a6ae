import { createIndex, type Knex, type Migration } from '@chatapi/kit/data';

/** Reports by and about one user, newest first. */
export const reportListsMigration: Migration = {
  name: '006-lists-of-reports',
  async online(db: Knex): Promise<void> {
    await createIndex(db, 'reports_by_reporter', 'on reports (reporter_id, id desc)');
    await createIndex(db, 'reports_about_user', 'on reports (about_user_id, id desc)');
  },
};
