import { each, type FactHandlers } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit';
import { orderErasure } from './erasure.ts';

export const handlers: FactHandlers<Knex.Transaction> = {
  'account.erased': each(({ user_id, erased_at }, trx) => orderErasure(trx, user_id, erased_at)),
};
