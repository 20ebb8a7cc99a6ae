// The furthest positions of rooms, which decide the status of their messages.
import type { PipelinedPool } from '@chatapi/kit/data';

export interface Furthest {
  user_id: string;
  delivered_seq: number;
  read_seq: number;
}

/** SQL: at least the two furthest read positions and the two furthest deliveries of `room`. */
export const furthestOf = (room: string): string => `(
  (select m.user_id, 0::bigint delivered_seq, m.read_seq from room_members m where m.room_id = ${room} order by m.read_seq desc limit 2)
  union all select first_user, first_seq, 0 from room_deliveries d where d.room_id = ${room}
  union all select second_user, second_seq, 0 from room_deliveries d where d.room_id = ${room} and second_user is not null)`;

const FURTHEST = `
select r.room_id, f.* from unnest($1::text[]) as r(room_id) cross join lateral ${furthestOf('r.room_id')} f`;

/** By room id. */
export async function furthestIn(reads: PipelinedPool, roomIds: string[]): Promise<Map<string, Furthest[]>> {
  type Row = Furthest & { room_id: string };
  const { rows } = await reads.query<Row>({ name: 'furthest', text: FURTHEST, values: [roomIds] });
  return Map.groupBy(rows, ({ room_id }) => room_id);
}
