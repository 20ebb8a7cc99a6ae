import type { Migration } from '@chatapi/kit/data';

/** Null for the password check of a logged-in user, and for attempts of the previous release. */
export const loginAddress: Migration = {
  name: '006-login-address',
  async up(db) {
    await db.raw('alter table login_failures add column login_address text');
  },
};
