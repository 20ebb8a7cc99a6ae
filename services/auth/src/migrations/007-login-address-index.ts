import { createIndex, type Migration } from '@chatapi/kit/data';

export const loginAddressIndex: Migration = {
  name: '007-login-address-index',
  online: (db) =>
    createIndex(
      db,
      'login_failures_address',
      'on login_failures (login_address, begun_at) where login_address is not null',
    ),
};
