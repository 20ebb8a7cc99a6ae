import { type FactHandlers, withdrawFacts } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit/data';
import { eraseProfiles, upsertAccounts } from './profile-store.ts';

export const handlers: FactHandlers<Knex.Transaction> = {
  'account.created': (accounts, trx) => upsertAccounts(trx, accounts),
  'accounts.created': (groups, trx) =>
    upsertAccounts(
      trx,
      groups.flatMap(({ accounts }) => accounts),
    ),
  'account.updated': (accounts, trx) => upsertAccounts(trx, accounts),
  async 'account.erased'(erased, trx) {
    await eraseProfiles(trx, erased);
    await withdrawFacts(
      trx,
      ['profile.updated', 'profile.avatar'],
      erased.map(({ user_id }) => user_id),
    );
  },
};
