// Owns: the SQL of what one user wrote and where they are, page by page, each page in bounded time however long the rooms are.
import type { Knex } from '@chatapi/kit';

export interface Place {
  room_id: string;
  seq: number;
}

export interface Found {
  items: Record<string, unknown>[];
  /** null: that was all. */
  next: Place | null;
}

const LIMIT = 200;
/** How many messages of a room one page looks at. */
const STRETCH = 10_000;

/** The room at or behind `room_id` in which this user ever sent. */
async function roomFrom(
  db: Knex,
  userId: string,
  roomId: string,
): Promise<{ id: string; last_seq: number } | undefined> {
  const { rows } = await db.raw<{ rows: { id: string; last_seq: number }[] }>(
    `select r.id, r.last_seq from room_senders s join rooms r on r.id = s.room_id
     where s.user_id = ? and s.room_id >= ? order by s.room_id limit 1`,
    [userId, roomId],
  );
  return rows[0];
}

/** A room id that no room has: the least one behind `id`. */
const behind = (id: string): string => `${id}\u0001`;

export async function messagesFrom(db: Knex, userId: string, from: Place): Promise<Found> {
  const room = await roomFrom(db, userId, from.room_id);
  if (room === undefined) return { items: [], next: null };
  const after = room.id === from.room_id ? from.seq : 0;
  const { rows } = await db.raw<{ rows: (Record<string, unknown> & { seq: number })[] }>(
    `select id, room_id chat_id, seq, recipient_id, content, message_type, attachments, reply_to, is_edited, created_at, updated_at
     from messages where room_id = ? and seq > ? and seq <= ? and sender_id = ? and not is_deleted order by seq limit ?`,
    [room.id, after, after + STRETCH, userId, LIMIT],
  );
  const to = rows.length === LIMIT ? (rows.at(-1) as { seq: number }).seq : after + STRETCH;
  return {
    items: rows,
    next: to < room.last_seq ? { room_id: room.id, seq: to } : { room_id: behind(room.id), seq: 0 },
  };
}

export async function roomsFrom(db: Knex, userId: string, from: Place): Promise<Found> {
  const { rows } = await db.raw<{ rows: (Record<string, unknown> & { chat_id: string })[] }>(
    `select r.id chat_id, r.kind, r.name, r.topic, m.role, m.joined_at, m.read_seq from room_members m
     join rooms r on r.id = m.room_id and r.deleted_at is null
     where m.user_id = ? and m.room_id > ? order by m.room_id limit ?`,
    [userId, from.room_id, LIMIT],
  );
  return { items: rows, next: rows.length < LIMIT ? null : { room_id: rows.at(-1)?.chat_id as string, seq: 0 } };
}

export async function reactionsFrom(db: Knex, userId: string, from: Place): Promise<Found> {
  const { rows } = await db.raw<{ rows: (Record<string, unknown> & Place)[] }>(
    `select m.id message_id, r.room_id, r.seq, array_agg(r.emoji order by r.created_at) emojis from reactions r
     join messages m on m.room_id = r.room_id and m.seq = r.seq
     where r.user_id = ? and (r.room_id, r.seq) > (?, ?) group by m.id, r.room_id, r.seq order by r.room_id, r.seq limit ?`,
    [userId, from.room_id, from.seq, LIMIT],
  );
  const last = rows.at(-1);
  return {
    items: rows.map(({ room_id: chat_id, seq: _, ...rest }) => ({ chat_id, ...rest })),
    next: rows.length < LIMIT || last === undefined ? null : { room_id: last.room_id, seq: last.seq },
  };
}
