// Owns: reading and changing messages, and the one mapper from rows to what clients see.

import type { FileLinks, Knex, Pipes } from '@chatapi/kit';
import { signed } from './attachments.ts';
import type { Context } from './context.ts';
import type { Attachment, Message, Reaction } from './frames.ts';
import { type Furthest, furthestIn } from './furthest-store.ts';
import type { Kind } from './permissions.ts';
import type { RoomFor } from './room-store.ts';
import { shownClientId } from './send-body.ts';
import { statusOf } from './status.ts';

export interface MessageRow {
  id: string;
  room_id: string;
  seq: number;
  sender_id: string;
  recipient_id: string | null;
  client_id: string | null;
  content: string;
  message_type: string;
  attachments: Attachment[];
  reply_to: string | null;
  mentions: string[];
  thread_count: number;
  is_edited: boolean;
  is_deleted: boolean;
  created_at: Date;
  updated_at: Date;
}

const COLUMNS = [
  'id',
  'room_id',
  'seq',
  'sender_id',
  'recipient_id',
  'client_id',
  'content',
  'message_type',
  'attachments',
]
  .concat(['reply_to', 'mentions', 'thread_count', 'is_edited', 'is_deleted', 'created_at', 'updated_at'])
  .map((column) => `m.${column}`)
  .join(', ');

/** With its reactions, if it has any, in the order in which each emoji first was given. */
export interface ShownRow extends MessageRow {
  reactions: Reaction[] | null;
}

/** Users named for each emoji. */
const NAMED = 20;

// Most messages have none, and to aggregate nothing costs PostgreSQL three times as much as to find that there is nothing.
const SHOWN = `${COLUMNS}, case when exists (select from reactions where room_id = m.room_id and seq = m.seq) then (
  select json_agg(json_build_object('emoji', g.emoji, 'count', g.count, 'user_ids', g.user_ids) order by g.since, g.emoji)
  from (select emoji, count(*) count, (array_agg(user_id order by created_at, user_id))[1:${NAMED}] user_ids, min(created_at) since
    from reactions where room_id = m.room_id and seq = m.seq group by emoji) g) end reactions`;

const toMessage = (
  sign: (attachments: Attachment[]) => Attachment[],
  row: ShownRow,
  furthest: Furthest[],
): Message => ({
  id: row.id,
  chat_id: row.room_id,
  seq: row.seq,
  sender_id: row.sender_id,
  recipient_id: row.recipient_id ?? undefined,
  content: row.content,
  message_type: row.message_type,
  attachments: sign(row.attachments),
  reply_to: row.reply_to,
  mentions: row.mentions,
  thread_count: row.thread_count,
  reactions: row.reactions ?? [],
  status: statusOf(furthest, row.sender_id, row.seq),
  is_edited: row.is_edited,
  is_deleted: row.is_deleted,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
  client_id: shownClientId(row.client_id),
});

/** As `viewer` sees them, where the people of each row's room are `furthest`. */
export function shownTo(
  viewer: string,
  links: FileLinks,
  rows: ShownRow[],
  furthest: (room_id: string) => Furthest[],
): Message[] {
  const sign = (attachments: Attachment[]): Attachment[] => signed(links, attachments, viewer);
  return rows.map((row) => toMessage(sign, row, furthest(row.room_id)));
}

/** As `viewer` sees them: one query for any number of rows. */
export async function toMessages(
  { reads, links }: Pick<Context, 'reads' | 'links'>,
  viewer: string,
  rows: ShownRow[],
): Promise<Message[]> {
  if (rows.length === 0) return [];
  const furthest = await furthestIn(reads, [...new Set(rows.map(({ room_id }) => room_id))]);
  return shownTo(viewer, links, rows, (room_id) => furthest.get(room_id) ?? []);
}

const rowsOf = async <R = ShownRow>(db: Knex, text: string, bindings: unknown[]): Promise<R[]> =>
  (await db.raw<{ rows: R[] }>(text, bindings as string[])).rows;

export const findMessage = async (db: Knex, id: string): Promise<ShownRow | undefined> =>
  (await rowsOf(db, `select ${SHOWN} from messages m where m.id = ?`, [id]))[0];

/** Where one user stands in a message's room. */
export type SeenMessage = ShownRow & { kind: Kind; role: RoomFor['role'] };

const MESSAGE_FOR = `
select ${SHOWN}, r.kind, u.role from messages m join rooms r on r.id = m.room_id and r.deleted_at is null
left join room_members u on u.room_id = m.room_id and u.user_id = $2 where m.id = $1`;

export const findMessageFor = async (reads: Pipes, id: string, userId: string): Promise<SeenMessage | undefined> =>
  (await reads.query<SeenMessage>({ name: 'message-for', text: MESSAGE_FOR, values: [id, userId] })).rows[0];

/** For a change: waits for whoever is changing it. Lock its room first. */
export const lockMessage = async (trx: Knex, roomId: string, seq: number): Promise<MessageRow> =>
  (
    await rowsOf<MessageRow>(trx, `select ${COLUMNS} from messages m where m.room_id = ? and m.seq = ? for update`, [
      roomId,
      seq,
    ])
  )[0] as MessageRow;

/** The message at each place, where there is one. */
export const messagesAt = async (db: Knex, places: { room_id: string; seq: number }[]): Promise<ShownRow[]> =>
  await rowsOf(
    db,
    `select ${SHOWN} from unnest(?::text[], ?::bigint[]) as p(room_id, seq) join messages m on m.room_id = p.room_id and m.seq = p.seq`,
    [places.map((p) => p.room_id), places.map((p) => p.seq)],
  );

export interface Slice {
  room_id: string;
  before_seq?: number;
  after_seq?: number;
  thread_of?: string;
  limit: number;
  skip: number;
}

/** One row more than `limit`, when there is one. Newest first; oldest first with `after_seq`. */
export async function readSlice(
  reads: Pipes,
  { room_id, before_seq, after_seq, thread_of, limit, skip }: Slice,
): Promise<ShownRow[]> {
  const values: unknown[] = [room_id, limit + 1, skip];
  const where = ['m.room_id = $1'];
  const only = (sql: string, value: unknown): void => {
    if (value !== undefined) where.push(`${sql} $${values.push(value)}`);
  };
  only('m.seq <', before_seq);
  only('m.seq >', after_seq);
  only('m.reply_to =', thread_of);
  const order = after_seq === undefined ? 'desc' : 'asc';
  const conditions = where.join(' and ');
  return (
    await reads.query<ShownRow>({
      name: `slice ${order} ${conditions}`,
      text: `select ${SHOWN} from messages m where ${conditions} order by m.seq ${order} limit $2 offset $3`,
      values,
    })
  ).rows;
}

/** Newest first over all rooms of one user. */
export const readMine = async (db: Knex, userId: string, limit: number, skip: number): Promise<ShownRow[]> =>
  await rowsOf(
    db,
    `select ${SHOWN} from room_members rm join rooms r on r.id = rm.room_id and r.deleted_at is null
     cross join lateral (select * from messages where room_id = rm.room_id order by seq desc limit ?) m
     where rm.user_id = ? order by m.created_at desc, m.room_id, m.seq desc limit ? offset ?`,
    [skip + limit + 1, userId, limit + 1, skip],
  );

/** Newest first, in the rooms that this user may read. */
export const searchMessages = async (
  db: Knex,
  userId: string,
  q: string,
  limit: number,
  skip: number,
): Promise<ShownRow[]> =>
  await rowsOf(
    db,
    `select ${SHOWN} from messages m join rooms r on r.id = m.room_id and r.deleted_at is null
     where not m.is_deleted and to_tsvector('simple', m.content) @@ plainto_tsquery('simple', ?)
       and (r.kind = 'public' or exists (select 1 from room_members rm where rm.room_id = m.room_id and rm.user_id = ?))
     order by m.created_at desc, m.room_id, m.seq desc limit ? offset ?`,
    [q, userId, limit + 1, skip],
  );

export async function saveContent(trx: Knex, row: MessageRow, content: string, mentions: string[]): Promise<Date> {
  const { rows } = await trx.raw<{ rows: { updated_at: Date }[] }>(
    `update messages set content = ?, mentions = ?, is_edited = true, updated_at = date_trunc('milliseconds', clock_timestamp())
     where room_id = ? and seq = ? returning updated_at`,
    [content, mentions, row.room_id, row.seq],
  );
  return (rows[0] as { updated_at: Date }).updated_at;
}

/** Leaves a tombstone in its place, and takes it out of its thread's count. */
export async function entomb(trx: Knex, row: MessageRow): Promise<Date> {
  const { rows } = await trx.raw<{ rows: { updated_at: Date }[] }>(
    `update messages set content = '', attachments = '[]', mentions = '{}', is_deleted = true, updated_at = date_trunc('milliseconds', clock_timestamp())
     where room_id = ? and seq = ? returning updated_at`,
    [row.room_id, row.seq],
  );
  if (row.reply_to !== null) {
    await trx.raw('update messages set thread_count = greatest(thread_count - 1, 0) where room_id = ? and id = ?', [
      row.room_id,
      row.reply_to,
    ]);
  }
  return (rows[0] as { updated_at: Date }).updated_at;
}

/** Whether this user reads a room in which the file is attached. */
export async function readsFile(db: Knex, fileId: string, userId: string): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    `select 1 from messages m join rooms r on r.id = m.room_id and r.deleted_at is null
     where m.attachments <> '[]' and m.attachments @> ?::jsonb
       and (r.kind = 'public' or exists (select 1 from room_members rm where rm.room_id = m.room_id and rm.user_id = ?)) limit 1`,
    [JSON.stringify([{ id: fileId }]), userId],
  );
  return rows.length > 0;
}
