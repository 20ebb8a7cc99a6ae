import type { Migration } from '@chatapi/kit/data';

/** As in auth, which tells each change. */
export const verifiedEmail: Migration = {
  name: '006-verified-email',
  async up(db) {
    await db.raw('alter table profiles add column email_verified boolean not null default false');
  },
};
