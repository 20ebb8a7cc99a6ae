import type { Knex } from '@chatapi/kit/data';

/** Runs several queries on one snapshot: no change is in the answer of one and not in another's. */
export const inSnapshot = async <T>(db: Knex, work: (trx: Knex) => Promise<T>): Promise<T> =>
  await db.transaction(work, { isolationLevel: 'repeatable read', readOnly: true });
