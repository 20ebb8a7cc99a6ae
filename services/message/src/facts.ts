import type { FactHandlers } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit';
import { heardAccount, heardProfile } from './people.ts';

export const handlers: FactHandlers<Knex.Transaction> = {
  'account.created': (account, trx) => heardAccount(trx, account),
  'account.updated': (account, trx) => heardAccount(trx, account),
  'profile.updated': (profile, trx) => heardProfile(trx, profile),
};
