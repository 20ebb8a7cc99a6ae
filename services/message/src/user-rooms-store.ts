// Owns: what the nodes ask of many users at once when they connect: their rooms with the heads, and whose presence they share.
// A node that dies sends all its users elsewhere within a second, so both are on pg's prepared statements.
import type { Pool } from '@chatapi/kit';
import type { Kind } from './permissions.ts';

export interface RoomHead {
  id: string;
  kind: Kind;
  last_seq: number;
  member_count: number;
}

const HEADS = `
select m.user_id, r.id, r.kind, r.last_seq, r.member_count from unnest($1::text[]) as u(user_id)
join room_members m on m.user_id = u.user_id join rooms r on r.id = m.room_id and r.deleted_at is null`;

/** By user; one who is in no room has an empty list. */
export async function headsOfUsers(pool: Pool, userIds: string[]): Promise<Record<string, RoomHead[]>> {
  const query = { name: 'heads-of-users', text: HEADS, values: [userIds] };
  const { rows } = await pool.query<RoomHead & { user_id: string }>(query);
  const heads: Record<string, RoomHead[]> = Object.fromEntries(userIds.map((id) => [id, []]));
  for (const { user_id, ...room } of rows) heads[user_id]?.push(room);
  return heads;
}

const SMALL = 100;
const PEERS = `
select distinct m.user_id, o.user_id peer from unnest($1::text[]) as u(user_id) join room_members m on m.user_id = u.user_id
join rooms r on r.id = m.room_id and r.deleted_at is null and r.member_count <= ${SMALL}
join room_members o on o.room_id = r.id and o.user_id <> m.user_id`;

/** By user: who shares a direct room or one of at most 100 members with them. */
export async function peersOfUsers(pool: Pool, userIds: string[]): Promise<Record<string, string[]>> {
  const query = { name: 'peers-of-users', text: PEERS, values: [userIds] };
  const { rows } = await pool.query<{ user_id: string; peer: string }>(query);
  const peers: Record<string, string[]> = Object.fromEntries(userIds.map((id) => [id, []]));
  for (const { user_id, peer } of rows) peers[user_id]?.push(peer);
  return peers;
}
