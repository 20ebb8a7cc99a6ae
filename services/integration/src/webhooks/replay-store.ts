import type { Knex } from '@chatapi/kit/data';

export interface Replay {
  id: string;
  webhook_id: string;
  since_ms: number;
  after_room: string;
}

export const insertReplay = async (trx: Knex, replay: Omit<Replay, 'after_room'>): Promise<void> =>
  void (await trx('replays').insert(replay));

/** Locked until the end of the transaction; others take another one. */
export async function takeReplay(trx: Knex): Promise<Replay | undefined> {
  const { rows } = await trx.raw<{ rows: Replay[] }>(
    'select id, webhook_id, since_ms, after_room from replays order by id limit 1 for update skip locked',
  );
  return rows[0];
}

export const moveReplay = async (trx: Knex, id: string, after_room: string): Promise<void> =>
  void (await trx('replays').where({ id }).update({ after_room }));

export const endReplay = async (trx: Knex, id: string): Promise<void> =>
  void (await trx('replays').where({ id }).delete());
