import type { FactHandlers, Facts } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit/data';
import { enterGeneral } from './access/general-room-store.ts';
import { orderErasures, orderFileErasure } from './erasure/erasure-store.ts';
import { applyAccounts, applyAvatars, applyProfiles } from './people/people.ts';
import { orderAdmissions } from './rooms/invited-room-store.ts';

async function onAccounts(accounts: Facts['account.updated'][], trx: Knex.Transaction): Promise<void> {
  await applyAccounts(trx, accounts);
  await enterGeneral(trx, [...new Set(accounts.map(({ user_id }) => user_id))]);
}

export const handlers: FactHandlers<Knex.Transaction> = {
  'account.created': onAccounts,
  'accounts.created': (groups, trx) =>
    onAccounts(
      groups.flatMap(({ accounts }) => accounts),
      trx,
    ),
  'account.updated': onAccounts,
  'account.invited': (invited, trx) => orderAdmissions(trx, invited),
  'account.erased': (erased, trx) => orderErasures(trx, erased),
  'files.erased': (erased, trx) =>
    orderFileErasure(
      trx,
      erased.flatMap(({ file_ids }) => file_ids),
    ),
  'profile.updated': (profiles, trx) => applyProfiles(trx, profiles),
  'profile.avatar': (avatars, trx) => applyAvatars(trx, avatars),
};
