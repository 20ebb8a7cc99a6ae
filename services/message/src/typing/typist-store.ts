import type { Pool } from '@chatapi/kit/data';
import type { Kind, Membership } from '../access/room-permissions.ts';

/** What decides whether somebody may be seen typing in a room. */
export interface Typist {
  id: string;
  /** null: there is no such room. */
  kind: Kind | null;
  archived: boolean;
  /** null: not a member. */
  role: Exclude<Membership, 'stranger'> | null;
  /** null: not muted. */
  muted_until: Date | null;
}

const TYPISTS = `
select i.room_id id, r.kind, r.archived_at is not null archived, m.role, x.until muted_until
from unnest($1::text[], $2::text[]) with ordinality as i(user_id, room_id, ord)
left join rooms r on r.id = i.room_id and r.deleted_at is null
left join room_members m on m.room_id = r.id and m.user_id = i.user_id
left join room_mutes x on x.room_id = i.room_id and x.user_id = i.user_id and x.until > clock_timestamp()
order by i.ord`;

/** In the order of what was asked. */
export async function findTypists(pool: Pool, asked: { user_id: string; room_id: string }[]): Promise<Typist[]> {
  const values = [asked.map(({ user_id }) => user_id), asked.map(({ room_id }) => room_id)];
  return (await pool.query<Typist>({ name: 'typists', text: TYPISTS, values })).rows;
}
