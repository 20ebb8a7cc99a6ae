import type { Custom, Paging } from '@chatapi/kit';
import type { FileLinks } from '@chatapi/kit/auth';
import type { Knex, PipelinedPool } from '@chatapi/kit/data';
import type { Kind } from '../access/room-permissions.ts';
import type { RoomForUser } from '../access/room-store.ts';
import type { Context } from '../context.ts';
import { COLUMNS, type Message, type MessageRow, type Reaction, toMessage } from '../log/message.ts';
import { WITHOUT_TEXT } from '../log/removed-text.ts';
import { type Furthest, furthestIn } from '../positions/furthest-store.ts';
import { statusOf } from '../positions/message-status.ts';
import { SEARCH_VERSION, searchVector } from '../search-index/vector.ts';
import { signed } from './attachments.ts';
import { keyValues, type MessageKey } from './message-cursor.ts';

/** Reactions are in the order in which each emoji was first used. null: none. */
export interface MessageWithReactions extends MessageRow {
  reactions: Reaction[] | null;
}

/** Maximum number of user ids listed per emoji. */
const MAX_REACTION_USERS = 20;

/**
 * Columns of `messages m`, with the reactions as the user `viewer` (an SQL expression) sees them.
 * Most messages have none, and an empty aggregate costs three times as much as `exists`.
 */
export const columnsFor = (
  viewer: string,
): string => `${COLUMNS}, case when exists (select from reactions where room_id = m.room_id and seq = m.seq) then (
  select json_agg(json_build_object('emoji', g.emoji, 'count', g.count, 'user_ids', g.user_ids, 'me', g.me) order by g.since, g.emoji)
  from (select emoji, count(*) count, (array_agg(user_id order by created_at, user_id))[1:${MAX_REACTION_USERS}] user_ids, min(created_at) since, bool_or(user_id = ${viewer}) me
    from reactions where room_id = m.room_id and seq = m.seq group by emoji) g) end reactions`;

/** Messages as `viewer` sees them. `furthest`: the furthest positions by room. */
export function renderMessages(
  viewer: string,
  links: FileLinks,
  rows: MessageWithReactions[],
  furthest: (room_id: string) => Furthest[],
): Message[] {
  return rows.map((row) =>
    toMessage(row, {
      attachments: signed(links, row.attachments, viewer),
      status: statusOf(furthest(row.room_id), row.sender_id, row.seq),
    }),
  );
}

/** Messages as `viewer` sees them. One query for any number of rows. */
export async function toMessages(
  { reads, links }: Pick<Context, 'reads' | 'links'>,
  viewer: string,
  rows: MessageWithReactions[],
): Promise<Message[]> {
  if (rows.length === 0) return [];
  const furthest = await furthestIn(reads, [...new Set(rows.map(({ room_id }) => room_id))]);
  return renderMessages(viewer, links, rows, (room_id) => furthest.get(room_id) ?? []);
}

const rowsOf = async <R = MessageWithReactions>(
  db: Knex,
  text: string,
  bindings: unknown[] | Record<string, unknown>,
): Promise<R[]> => (await db.raw<{ rows: R[] }>(text, bindings as string[])).rows;

/** Messages `m` behind a key; `at`, `room` and `seq` are SQL expressions of `keyValues`. */
export const behindKey = (m: string, at: string, room: string, seq: string): string =>
  `(cast(${at} as timestamptz) is null or ${m}.created_at < ${at} or (${m}.created_at = ${at}
     and (${m}.room_id > ${room} or (${m}.room_id = ${room} and ${m}.seq < ${seq}))))`;

export const findMessage = async (db: Knex, id: string, viewer: string): Promise<MessageWithReactions | undefined> =>
  (await rowsOf(db, `select ${columnsFor('?')} from messages m where m.id = ?`, [viewer, id]))[0];

/** A message with the kind of its room and the role of one user there. */
export type MessageForUser = MessageWithReactions & { kind: Kind; role: RoomForUser['role'] };

const MESSAGE_FOR_USER = `
select ${columnsFor('$2')}, r.kind, u.role from messages m join rooms r on r.id = m.room_id and r.deleted_at is null
left join room_members u on u.room_id = m.room_id and u.user_id = $2 where m.id = $1`;

export const findMessageForUser = async (
  reads: PipelinedPool,
  id: string,
  userId: string,
): Promise<MessageForUser | undefined> =>
  (await reads.query<MessageForUser>({ name: 'message-for', text: MESSAGE_FOR_USER, values: [id, userId] })).rows[0];

/** Lock its room first. */
export const lockMessage = async (trx: Knex, roomId: string, seq: number): Promise<MessageRow> =>
  (
    await rowsOf<MessageRow>(trx, `select ${COLUMNS} from messages m where m.room_id = ? and m.seq = ? for update`, [
      roomId,
      seq,
    ])
  )[0] as MessageRow;

/** The messages at these seqs. Missing ones are left out. */
export const messagesAt = async (
  db: Knex,
  places: { room_id: string; seq: number }[],
  viewer: string,
): Promise<MessageWithReactions[]> =>
  await rowsOf(
    db,
    `select ${columnsFor('?')} from unnest(?::text[], ?::bigint[]) as p(room_id, seq) join messages m on m.room_id = p.room_id and m.seq = p.seq`,
    [viewer, places.map((p) => p.room_id), places.map((p) => p.seq)],
  );

/** Newest first over all rooms of the user, at most `limit` + 1 rows. */
export const readAcrossRooms = async (
  db: Knex,
  userId: string,
  { limit, skip, cursor }: Paging<MessageKey>,
): Promise<MessageWithReactions[]> =>
  await rowsOf(
    db,
    `select ${columnsFor('rm.user_id')} from room_members rm join rooms r on r.id = rm.room_id and r.deleted_at is null
     cross join lateral (
       select * from messages x where x.room_id = rm.room_id and ${behindKey('x', ':key_at', ':key_room', ':key_seq')}
       order by x.seq desc limit :each) m
     where rm.user_id = :userId order by m.created_at desc, m.room_id, m.seq desc limit :limit offset :skip`,
    { userId, ...keyValues(cursor), each: skip + limit + 1, limit: limit + 1, skip },
  );

/** What follows from a text. */
export interface NewContent {
  content: string;
  mentions: string[];
  unknown_names: string[] | null;
}

const OF_CONTENT = 'content = ?, mentions = ?, unknown_names = ?, search = ?::tsvector, search_version = ?,';

/** @param changed undefined: the text stays. */
export async function saveEdit(
  trx: Knex,
  row: MessageRow,
  custom: Custom | undefined,
  changed: NewContent | undefined,
): Promise<Date> {
  const ofContent =
    changed === undefined
      ? []
      : [changed.content, changed.mentions, changed.unknown_names, searchVector(changed.content), SEARCH_VERSION];
  const json = custom === undefined ? null : JSON.stringify(custom);
  const { rows } = await trx.raw<{ rows: { updated_at: Date }[] }>(
    `update messages set ${changed === undefined ? '' : OF_CONTENT} custom = ?::json,
       is_edited = true, updated_at = date_trunc('milliseconds', clock_timestamp())
     where room_id = ? and seq = ? returning updated_at`,
    [...ofContent, json, row.room_id, row.seq],
  );
  return (rows[0] as { updated_at: Date }).updated_at;
}

export interface Tombstone {
  updated_at: Date;
  /** Of a reply: how many its parent has left. */
  thread: { reply_to: string; parent_thread_count: number } | undefined;
}

async function removeReply(trx: Knex, { room_id, reply_to }: MessageRow): Promise<Tombstone['thread']> {
  if (reply_to === null) return undefined;
  const { rows } = await trx.raw<{ rows: { thread_count: number }[] }>(
    `update messages set thread_count = greatest(thread_count - 1, 0) where room_id = ? and id = ?
     returning thread_count`,
    [room_id, reply_to],
  );
  return { reply_to, parent_thread_count: rows[0]?.thread_count ?? 0 };
}

/** Replaces the message by a tombstone and updates its thread's count. */
export async function saveTombstone(trx: Knex, row: MessageRow): Promise<Tombstone> {
  const { rows } = await trx.raw<{ rows: { updated_at: Date }[] }>(
    `update messages set ${WITHOUT_TEXT}, is_deleted = true, updated_at = date_trunc('milliseconds', clock_timestamp())
     where room_id = ? and seq = ? returning updated_at`,
    [row.room_id, row.seq],
  );
  return { updated_at: (rows[0] as { updated_at: Date }).updated_at, thread: await removeReply(trx, row) };
}

/**
 * Whether the user may read a room in which the uploader has attached the file. Messages of others
 * with the file, allowed in older versions, give no access. `uploaded_by` is undefined for an older
 * version of the file service. `rooms`, separated by commas, limit it further.
 */
export async function mayReadFile(
  db: Knex,
  fileId: string,
  { user_id, uploaded_by, rooms }: { user_id: string; uploaded_by?: string; rooms?: string },
): Promise<boolean> {
  const within = rooms?.split(',') ?? null;
  const { rows } = await db.raw<{ rows: unknown[] }>(
    `select 1 from messages m join rooms r on r.id = m.room_id and r.deleted_at is null
     where m.attachments <> '[]' and m.attachments @> ?::jsonb and m.sender_id = coalesce(cast(? as text), m.sender_id)
       and (cast(? as text[]) is null or m.room_id = any(?)) and (r.kind = 'public' or exists (select 1 from room_members rm where rm.room_id = m.room_id and rm.user_id = ?)) limit 1`,
    [JSON.stringify([{ id: fileId }]), uploaded_by ?? null, within, within, user_id],
  );
  return rows.length > 0;
}
