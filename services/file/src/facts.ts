import { each, type FactHandlers } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit/data';
import { scheduleErasure } from './erasure.ts';

export const handlers: FactHandlers<Knex.Transaction> = {
  'account.erased': each(({ user_id, erased_at }, trx) => scheduleErasure(trx, user_id, erased_at)),
};
