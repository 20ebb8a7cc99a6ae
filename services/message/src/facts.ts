import { each, type FactHandlers } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit';
import { orderErasure, orderFiles } from './erasure-store.ts';
import { heardAccount, heardProfile } from './people.ts';

export const handlers: FactHandlers<Knex.Transaction> = {
  'account.created': each((account, trx) => heardAccount(trx, account)),
  'account.updated': each((account, trx) => heardAccount(trx, account)),
  'account.erased': each(({ user_id, erased_at }, trx) => orderErasure(trx, user_id, erased_at)),
  'files.erased': each(({ file_ids }, trx) => orderFiles(trx, file_ids)),
  'profile.updated': each((profile, trx) => heardProfile(trx, profile)),
};
