import type { Migration } from '@chatapi/kit/data';

/**
 * `account_key` is a user id, or the hash of an unknown name. A row without `failed_at` is a
 * pending attempt.
 */
export const loginLimits: Migration = {
  name: '002-login-limits',
  async up(db) {
    await db.raw(`
      create table login_failures (
        try_id text primary key,
        account_key text not null,
        ip text not null,
        begun_at timestamptz not null,
        failed_at timestamptz
      );
      create index login_failures_account on login_failures (account_key, begun_at);
      create index login_failures_age on login_failures (begun_at);

      create table login_locks (
        account_key text primary key,
        locked_until timestamptz not null
      );
    `);
  },
};
