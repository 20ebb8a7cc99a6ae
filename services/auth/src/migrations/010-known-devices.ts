import type { Migration } from '@chatapi/kit/data';

/**
 * Null for a device that is not known, and for attempts of the previous release. The index of the
 * account's failures is enough for counting: a window has few of them.
 */
export const knownDevices: Migration = {
  name: '010-known-devices',
  async up(db) {
    await db.raw(`
      create table known_devices (
        user_id text not null references accounts on delete cascade,
        family text not null,
        network text not null,
        last_login_at timestamptz not null,
        primary key (user_id, family, network)
      );
      comment on table known_devices is 'browser family and network of recent logins: a lockout does not stop them';
      create index known_devices_age on known_devices (last_login_at);
      alter table login_failures add column device text;
    `);
  },
};
