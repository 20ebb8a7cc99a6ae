// What is known of the way of one message to one user.
import type { Knex } from '@chatapi/kit/data';
import type { Kind } from '../access/room-permissions.ts';
import type { MemberRole } from '../log/frames.ts';

export interface DeliveryFacts {
  id: string;
  chat_id: string;
  seq: number;
  sender_id: string;
  is_deleted: boolean;
  created_at: Date;
  kind: Kind;
  room_deleted: boolean;
  room_archived: boolean;
  /** Of the user's membership now; null: no member. */
  role: MemberRole | null;
  joined_at: Date | null;
  read_seq: number | null;
  muted_until: Date | null;
  /** Of the last membership that ended, if there is none now. */
  left_seq: number | null;
  left_at: Date | null;
  /** How far the user's connections have taken the room; kept for the two furthest users only. */
  delivered_seq: number | null;
}

const FACTS = `
select m.id, m.room_id as chat_id, m.seq, m.sender_id, m.is_deleted, m.created_at, r.kind,
  r.deleted_at is not null as room_deleted, r.archived_at is not null as room_archived,
  u.role, u.joined_at, u.read_seq, x.until as muted_until, f.left_seq,
  (select e.created_at from room_events e where e.room_id = m.room_id and e.seq = f.left_seq) as left_at,
  case :userId when d.first_user then d.first_seq when d.second_user then d.second_seq end as delivered_seq
from messages m join rooms r on r.id = m.room_id
left join room_members u on u.room_id = m.room_id and u.user_id = :userId
left join former_members f on f.room_id = m.room_id and f.user_id = :userId and u.user_id is null
left join room_mutes x on x.room_id = m.room_id and x.user_id = :userId and x.until > now()
left join room_deliveries d on d.room_id = m.room_id
where m.id = :id`;

export async function deliveryFacts(db: Knex, id: string, userId: string): Promise<DeliveryFacts | undefined> {
  const { rows } = await db.raw<{ rows: DeliveryFacts[] }>(FACTS, { id, userId });
  return rows[0];
}
