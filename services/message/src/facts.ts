import { each, type FactHandlers, type Facts } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit/data';
import { enterGeneral } from './access/general-room-store.ts';
import { orderErasure, orderFileErasure } from './erasure/erasure-store.ts';
import { applyAccount, applyProfile } from './people/people.ts';
import { orderAdmissions } from './rooms/admission-store.ts';

async function onAccount(account: Facts['account.updated'], trx: Knex.Transaction): Promise<void> {
  await applyAccount(trx, account);
  await enterGeneral(trx, [account.user_id]);
}

export const handlers: FactHandlers<Knex.Transaction> = {
  'account.created': each(onAccount),
  'account.updated': each(onAccount),
  'account.invited': (invited, trx) => orderAdmissions(trx, invited),
  'account.erased': each(({ user_id, erased_at }, trx) => orderErasure(trx, user_id, erased_at)),
  'files.erased': each(({ file_ids }, trx) => orderFileErasure(trx, file_ids)),
  'profile.updated': each((profile, trx) => applyProfile(trx, profile)),
};
