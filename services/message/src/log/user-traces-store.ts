import type { Knex } from '@chatapi/kit/data';

/** Records that the room's log has events of these users, so that an erasure finds the room. */
export const recordTrace = async (trx: Knex, userIds: string[], roomId: string): Promise<void> =>
  void (await trx.raw('insert into traces (user_id, room_id) select unnest(?::text[]), ? on conflict do nothing', [
    userIds,
    roomId,
  ]));
