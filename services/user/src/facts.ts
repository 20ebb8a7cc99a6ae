import { each, type FactHandlers, withdrawFacts } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit/data';
import { eraseProfile, upsertAccount } from './profile-store.ts';

export const handlers: FactHandlers<Knex.Transaction> = {
  'account.created': each(({ display_name, ...account }, trx) => upsertAccount(trx, account, display_name)),
  'account.updated': each((account, trx) => upsertAccount(trx, account, null)),
  'account.erased': each(async ({ user_id, erased_at }, trx) => {
    await eraseProfile(trx, user_id, erased_at);
    await withdrawFacts(trx, ['profile.updated'], user_id);
  }),
};
