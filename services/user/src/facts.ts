import type { FactHandlers } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit';
import { keepAccount } from './profile-store.ts';

export const handlers: FactHandlers<Knex.Transaction> = {
  'account.created': ({ display_name, ...account }, trx) => keepAccount(trx, account, display_name),
  'account.updated': (account, trx) => keepAccount(trx, account, null),
};
