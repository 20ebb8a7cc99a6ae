import { each, type FactHandlers, untellFacts } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit';
import { eraseProfile, keepAccount } from './profile-store.ts';

export const handlers: FactHandlers<Knex.Transaction> = {
  'account.created': each(({ display_name, ...account }, trx) => keepAccount(trx, account, display_name)),
  'account.updated': each((account, trx) => keepAccount(trx, account, null)),
  'account.erased': each(async ({ user_id, erased_at }, trx) => {
    await eraseProfile(trx, user_id, erased_at);
    await untellFacts(trx, ['profile.updated'], user_id);
  }),
};
