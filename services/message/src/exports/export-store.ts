// Pages of a user's messages, rooms and reactions. Each page takes bounded time.
import type { Knex } from '@chatapi/kit/data';
import { emojiOf } from '../log/emoji.ts';
import { EXPORTED } from '../log/message.ts';

export interface ExportPosition {
  room_id: string;
  seq: number;
}

export interface ExportPage {
  items: Record<string, unknown>[];
  /** null: this is the last page. */
  next: ExportPosition | null;
}

const PAGE_SIZE = 200;
/** Maximum number of seqs of a room that one page scans. */
const MAX_SCANNED = 10_000;

/** The first room with an id from `roomId` on in which the user has sent. */
async function nextRoom(
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

/** The smallest string after `id`. No room has this id. */
const idAfter = (id: string): string => `${id}\u0001`;

export async function messagesFrom(db: Knex, userId: string, from: ExportPosition): Promise<ExportPage> {
  const room = await nextRoom(db, userId, from.room_id);
  if (room === undefined) return { items: [], next: null };
  const after = room.id === from.room_id ? from.seq : 0;
  const { rows } = await db.raw<{ rows: (Record<string, unknown> & { seq: number })[] }>(
    `select ${EXPORTED}
     from messages where room_id = ? and seq > ? and seq <= ? and sender_id = ? and not is_deleted order by seq limit ?`,
    [room.id, after, after + MAX_SCANNED, userId, PAGE_SIZE],
  );
  const to = rows.length === PAGE_SIZE ? (rows.at(-1) as { seq: number }).seq : after + MAX_SCANNED;
  return {
    items: rows,
    next: to < room.last_seq ? { room_id: room.id, seq: to } : { room_id: idAfter(room.id), seq: 0 },
  };
}

export async function roomsFrom(db: Knex, userId: string, from: ExportPosition): Promise<ExportPage> {
  const { rows } = await db.raw<{ rows: (Record<string, unknown> & { chat_id: string })[] }>(
    `select r.id chat_id, r.kind, r.name, r.topic, m.role, m.joined_at, m.read_seq from room_members m
     join rooms r on r.id = m.room_id and r.deleted_at is null
     where m.user_id = ? and m.room_id > ? order by m.room_id limit ?`,
    [userId, from.room_id, PAGE_SIZE],
  );
  return { items: rows, next: rows.length < PAGE_SIZE ? null : { room_id: rows.at(-1)?.chat_id as string, seq: 0 } };
}

export async function reactionsFrom(db: Knex, userId: string, from: ExportPosition): Promise<ExportPage> {
  const { rows } = await db.raw<{ rows: (Record<string, unknown> & ExportPosition & { keys: string[] })[] }>(
    `select m.id message_id, r.room_id, r.seq, array_agg(r.emoji order by r.created_at) keys from reactions r
     join messages m on m.room_id = r.room_id and m.seq = r.seq
     where r.user_id = ? and (r.room_id, r.seq) > (?, ?) group by m.id, r.room_id, r.seq order by r.room_id, r.seq limit ?`,
    [userId, from.room_id, from.seq, PAGE_SIZE],
  );
  const last = rows.at(-1);
  return {
    items: rows.map(({ room_id: chat_id, seq: _, keys, ...rest }) => ({ chat_id, ...rest, emojis: keys.map(emojiOf) })),
    next: rows.length < PAGE_SIZE || last === undefined ? null : { room_id: last.room_id, seq: last.seq },
  };
}
