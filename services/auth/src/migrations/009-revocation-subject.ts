import { createIndex, type Migration } from '@chatapi/kit/data';

/** Revocations are kept for a day, and a renewal looks for those of one user. */
export const revocationSubject: Migration = {
  name: '009-revocation-subject',
  online: (db) => createIndex(db, 'revocations_subject', 'on revocations (subject, at)'),
};
