// What outlives a membership: the read position, and when it ended.
import type { Knex, Pool } from '@chatapi/kit/data';
import type { EndedMembership } from './member-store.ts';

/** @param leaving the seq of its event, and the version of the room that it made. */
export const saveFormerMember = async (
  trx: Knex,
  roomId: string,
  { user_id, read_seq, read_others }: EndedMembership,
  leaving: { left_seq: number; version: number },
): Promise<void> =>
  void (await trx('former_members')
    .insert({ room_id: roomId, user_id, read_seq, read_others, ...leaving })
    .onConflict(['room_id', 'user_id'])
    .merge());

export const deleteFormerMember = async (trx: Knex, roomId: string, userId: string): Promise<void> =>
  void (await trx('former_members').where({ room_id: roomId, user_id: userId }).delete());

export interface Leaving {
  room_id: string;
  user_id: string;
  /** The seq of its event. */
  seq: number;
}

const LEAVINGS = `
select f.room_id, f.user_id, f.left_seq seq from unnest($1::text[], $2::int[]) as i(room_id, since)
join former_members f on f.room_id = i.room_id and f.version > i.since
where not exists (select from room_members m where m.room_id = f.room_id and m.user_id = f.user_id)`;

/** Who left these rooms since a version of each, and has not come back. */
export const leavingsSince = async (pool: Pool, rooms: { id: string; since: number }[]): Promise<Leaving[]> =>
  (
    await pool.query<Leaving>({
      name: 'leavings',
      text: LEAVINGS,
      values: [rooms.map(({ id }) => id), rooms.map(({ since }) => since)],
    })
  ).rows;
