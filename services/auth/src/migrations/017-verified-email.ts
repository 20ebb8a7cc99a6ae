import type { Migration } from '@chatapi/kit/data';

/** Accounts of before are not verified: nobody asked them. */
export const verifiedEmail: Migration = {
  name: '017-verified-email',
  async up(db) {
    await db.raw('alter table accounts add column email_verified boolean not null default false');
  },
};
