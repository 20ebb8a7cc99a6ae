import type { Migration } from '@chatapi/kit/data';

export const partitionLock: Migration = {
  name: '013-partition-lock',
  async up(db) {
    await db.raw(`
      create table partition_lock ();
      comment on table partition_lock is 'locked by the instance that makes or drops partitions of the log';
    `);
  },
};
