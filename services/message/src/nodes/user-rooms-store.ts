// Rooms with heads and presence audience of many users, for nodes when users connect. Prepared
// statements, because the users of a crashed node reconnect within a second.
import type { Knex, Pool } from '@chatapi/kit/data';
import type { Kind } from '../access/room-permissions.ts';

export interface RoomHead {
  id: string;
  kind: Kind;
  last_seq: number;
  version: number;
  member_count: number;
}

const HEADS = `
select m.user_id, r.id, r.kind, r.last_seq, r.version, r.member_count from unnest($1::text[]) as u(user_id)
join room_members m on m.user_id = u.user_id join rooms r on r.id = m.room_id and r.deleted_at is null`;

/** By user id. A user without rooms has an empty list. */
export async function headsOfUsers(pool: Pool, userIds: string[]): Promise<Record<string, RoomHead[]>> {
  const query = { name: 'heads-of-users', text: HEADS, values: [userIds] };
  const { rows } = await pool.query<RoomHead & { user_id: string }>(query);
  const heads: Record<string, RoomHead[]> = Object.fromEntries(userIds.map((id) => [id, []]));
  for (const { user_id, ...room } of rows) heads[user_id]?.push(room);
  return heads;
}

const MAX_SHARED_ROOM_MEMBERS = 100;
const PRESENCE_AUDIENCE = `
select distinct m.user_id, o.user_id peer from unnest($1::text[]) as u(user_id) join room_members m on m.user_id = u.user_id
join rooms r on r.id = m.room_id and r.deleted_at is null and r.member_count <= ${MAX_SHARED_ROOM_MEMBERS}
join room_members o on o.room_id = r.id and o.user_id <> m.user_id`;

/** By user id: users who share a room of at most 100 members with them. */
export async function presenceAudienceOf(pool: Pool, userIds: string[]): Promise<Record<string, string[]>> {
  const query = { name: 'peers-of-users', text: PRESENCE_AUDIENCE, values: [userIds] };
  const { rows } = await pool.query<{ user_id: string; peer: string }>(query);
  const peers: Record<string, string[]> = Object.fromEntries(userIds.map((id) => [id, []]));
  for (const { user_id, peer } of rows) peers[user_id]?.push(peer);
  return peers;
}

const MAX_PEERS = 1000;

/** The other members of direct and small ones of these rooms, direct rooms first. */
export async function peersIn(db: Knex, userId: string, roomIds: string[]): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { user_id: string }[] }>(
    `select o.user_id from rooms r join room_members o on o.room_id = r.id and o.user_id <> ?
     where r.id = any(?) and r.member_count <= ${MAX_SHARED_ROOM_MEMBERS}
     group by o.user_id order by bool_or(r.kind = 'direct') desc, o.user_id limit ${MAX_PEERS}`,
    [userId, roomIds],
  );
  return rows.map(({ user_id }) => user_id);
}
