import type { Knex, PipelinedPool } from '@chatapi/kit/data';
import { WITHOUT_TEXT } from '../log/removed-text.ts';
import { forgetDirectRooms } from './direct-room-store.ts';

export interface Erasure {
  user_id: string;
  erased_at: Date;
  peers_told: boolean;
}

/**
 * Marks the users as erased, known or not, and inserts the orders. From now on nothing can be sent
 * to them.
 */
export async function orderErasures(trx: Knex, erased: { user_id: string; erased_at: string }[]): Promise<void> {
  const ids = erased.map(({ user_id }) => user_id);
  const values = [ids, erased.map(({ erased_at }) => erased_at)];
  const given =
    'select distinct on (user_id) * from unnest(?::text[], ?::timestamptz[]) as e(user_id, erased_at) order by user_id';
  await trx.raw(
    `insert into people (user_id, username, account_at, erased_at) select user_id, '', erased_at, erased_at from (${given}) g
     on conflict (user_id) do update set username = '', display_name = '', avatar_url = null, erased_at = excluded.erased_at`,
    values,
  );
  await trx.raw(`insert into erasures (user_id, erased_at) ${given} on conflict do nothing`, values);
  await forgetDirectRooms(trx, ids);
}

const DUE =
  'select exists (select from erasures where due_at <= now()) or exists (select from erased_files where due_at <= now()) due';

/** A cheap check without locks: usually nothing is due. */
export const isErasureDue = async (reads: PipelinedPool): Promise<boolean> =>
  (await reads.query<{ due: boolean }>({ name: 'erasure-due', text: DUE, values: [] })).rows[0]?.due === true;

/** Locks a due erasure until the end of `trx`. A crash releases it at once. */
export async function claimErasure(trx: Knex): Promise<Erasure | undefined> {
  await trx.raw('set local idle_in_transaction_session_timeout = 0');
  const { rows } = await trx.raw<{ rows: Erasure[] }>(
    'select user_id, erased_at, peers_told from erasures where due_at <= now() order by due_at limit 1 for update skip locked',
  );
  return rows[0];
}

export const markPeersTold = async (trx: Knex, userId: string): Promise<void> =>
  void (await trx('erasures').where('user_id', userId).update({ peers_told: true }));

export const postponeErasure = async (trx: Knex, userId: string, seconds: number): Promise<void> =>
  void (await trx.raw(`update erasures set due_at = clock_timestamp() + ? * interval '1 second' where user_id = ?`, [
    seconds,
    userId,
  ]));

/** Deletes the order and the rows that list the user's rooms. */
export async function finishErasure(trx: Knex, userId: string): Promise<void> {
  await trx.raw('delete from room_senders where user_id = ?', [userId]);
  await trx.raw('delete from traces where user_id = ?', [userId]);
  await trx.raw('delete from stream_bases where user_id = ?', [userId]);
  await trx.raw('delete from erasures where user_id = ?', [userId]);
}

export async function roomsWithTraces(db: Knex, userId: string): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { room_id: string }[] }>(
    `select room_id from room_members where user_id = :userId union select room_id from room_senders where user_id = :userId
     union select room_id from traces where user_id = :userId union select room_id from reactions where user_id = :userId order by 1`,
    { userId },
  );
  return rows.map(({ room_id }) => room_id);
}

export interface Span {
  room_id: string;
  /** Exclusive. */
  from: number;
  to: number;
}

const OWN_MESSAGES = `from messages where room_id = :room_id and seq > :from and seq <= :to and sender_id = :userId
  and not (is_deleted and client_id is null and body_hash is null and custom is null)`;
const OWN_EVENTS = `from room_events where room_id = :room_id and seq > :from and seq <= :to and sender = :userId`;

/** Checks without a lock: most spans have no content of the user. */
export async function hasContentIn(db: Knex, userId: string, span: Span): Promise<boolean> {
  const { rows } = await db.raw<{ rows: { found: boolean }[] }>(
    `select exists (select ${OWN_MESSAGES}) or exists (select ${OWN_EVENTS}) found`,
    { userId, ...span },
  );
  return (rows[0] as { found: boolean }).found;
}

export interface RedactedMessage {
  id: string;
  seq: number;
  created_at: Date;
  /** Of a reply: how many its parent has left after all of the span. */
  thread: { reply_to: string; parent_thread_count: number } | undefined;
}

/**
 * Redacts the user's messages in the span. @returns those not deleted before. The room must be
 * locked.
 */
export async function redactMessages(trx: Knex, userId: string, span: Span): Promise<RedactedMessage[]> {
  type Row = Omit<RedactedMessage, 'thread'> & { reply_to: string | null; is_deleted: boolean };
  const { rows } = await trx.raw<{ rows: Row[] }>(
    `select id, seq, created_at, reply_to, is_deleted ${OWN_MESSAGES} order by seq for update`,
    { userId, ...span },
  );
  const fresh = rows.filter(({ is_deleted }) => !is_deleted);
  await trx.raw(
    `update messages set ${WITHOUT_TEXT}, client_id = null, body_hash = null,
       updated_at = case when is_deleted then updated_at else date_trunc('milliseconds', clock_timestamp()) end, is_deleted = true
     where room_id = ? and seq = any(?)`,
    [span.room_id, rows.map(({ seq }) => seq)],
  );
  await trx.raw('delete from reactions where room_id = ? and seq = any(?)', [
    span.room_id,
    fresh.map(({ seq }) => seq),
  ]);
  const parents = await trx.raw<{ rows: { id: string; thread_count: number }[] }>(
    `update messages m set thread_count = greatest(m.thread_count - p.n, 0)
     from (select parent, count(*) n from unnest(?::text[]) parent group by parent) p where m.room_id = ? and m.id = p.parent
     returning m.id, m.thread_count`,
    [fresh.flatMap(({ reply_to }) => reply_to ?? []), span.room_id],
  );
  const counts = new Map(parents.rows.map(({ id, thread_count }) => [id, thread_count]));
  return fresh.map(({ id, seq, created_at, reply_to }) => ({
    id,
    seq,
    created_at,
    thread: reply_to === null ? undefined : { reply_to, parent_thread_count: counts.get(reply_to) ?? 0 },
  }));
}

export interface LoggedFrame {
  seq: number;
  frame: string;
  /** Old enough that all connected clients have received it. */
  settled: boolean;
}

export async function framesOfUser(trx: Knex, userId: string, span: Span): Promise<LoggedFrame[]> {
  const { rows } = await trx.raw<{ rows: LoggedFrame[] }>(
    `select seq, frame, created_at < now() - interval '4 seconds' settled ${OWN_EVENTS}`,
    { userId, ...span },
  );
  return rows;
}

export async function rewriteFrames(
  trx: Knex,
  roomId: string,
  frames: { seq: number; frame: string }[],
): Promise<void> {
  if (frames.length === 0) return;
  await trx.raw(
    `update room_events e set frame = t.frame from unnest(?::bigint[], ?::text[]) as t(seq, frame) where e.room_id = ? and e.seq = t.seq`,
    [frames.map(({ seq }) => seq), frames.map(({ frame }) => frame), roomId],
  );
}

/** @returns the deleted reactions, and how many others with the same emoji are left. */
export async function deleteUserReactions(
  trx: Knex,
  userId: string,
  roomId: string,
): Promise<{ message_id: string; key: string; count: number }[]> {
  const { rows } = await trx.raw<{ rows: { message_id: string; key: string; count: number }[] }>(
    `with gone as (delete from reactions where room_id = ? and user_id = ? returning room_id, seq, emoji)
     select m.id message_id, g.emoji key,
       (select count(*) from reactions o where o.room_id = g.room_id and o.seq = g.seq and o.emoji = g.emoji and o.user_id <> ?)::int count
     from gone g join messages m on m.room_id = g.room_id and m.seq = g.seq order by g.seq, g.emoji`,
    [roomId, userId, userId],
  );
  return rows;
}

/** Removes name and topic if the user wrote them. @returns the removed fields. */
export async function redactRoom(trx: Knex, userId: string, roomId: string): Promise<{ name?: null; topic?: null }> {
  const { rows } = await trx.raw<{ rows: { name_by: string | null; topic_by: string | null }[] }>(
    'select name_by, topic_by from rooms where id = ?',
    [roomId],
  );
  const { name_by, topic_by } = rows[0] ?? {};
  const gone = {
    ...(name_by === userId ? { name: null, name_by: null } : {}),
    ...(topic_by === userId ? { topic: null, topic_by: null } : {}),
  };
  if (Object.keys(gone).length > 0) await trx('rooms').where({ id: roomId }).update(gone);
  const { name_by: _, topic_by: __, ...fields } = gone;
  return fields;
}

/**
 * For direct rooms: the member row stays, since it identifies the other user's room; the position
 * goes.
 */
export const resetPosition = async (trx: Knex, userId: string, roomId: string): Promise<void> =>
  void (await trx('room_members').where({ room_id: roomId, user_id: userId }).update({ read_seq: 0, read_others: 0 }));

/** Whether all members are erased. Those whose account’s fact has not arrived are not. */
export async function hasNoActiveMember(trx: Knex, roomId: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `select 1 from room_members m left join people p on p.user_id = m.user_id
     where m.room_id = ? and p.erased_at is null limit 1`,
    [roomId],
  );
  return rows.length === 0;
}

/**
 * The seqs with possible data of the user: all if they sent in the room, otherwise those in the
 * log.
 */
export async function seqRangeOf(db: Knex, userId: string, roomId: string): Promise<{ first: number; head: number }> {
  const { rows } = await db.raw<{ rows: { first: number; head: number }[] }>(
    `select r.last_seq head, case when exists (select from room_senders where room_id = r.id and user_id = ?) then 0
       else coalesce((select e.seq - 1 from room_events e where e.room_id = r.id order by e.seq limit 1), r.last_seq) end as first
     from rooms r where r.id = ?`,
    [userId, roomId],
  );
  return rows[0] ?? { first: 0, head: 0 };
}

/** Orders the removal of these files from messages of other users. */
export const orderFileErasure = async (trx: Knex, fileIds: string[]): Promise<void> =>
  void (await trx.raw('insert into erased_files (file_id) select unnest(?::text[]) on conflict do nothing', [fileIds]));

/** Locks a due file until the end of `trx`. */
export async function claimFile(trx: Knex): Promise<string | undefined> {
  await trx.raw('set local idle_in_transaction_session_timeout = 0');
  const { rows } = await trx.raw<{ rows: { file_id: string }[] }>(
    'select file_id from erased_files where due_at <= now() limit 1 for update skip locked',
  );
  return rows[0]?.file_id;
}

export const finishFile = async (trx: Knex, fileId: string): Promise<void> =>
  void (await trx('erased_files').where({ file_id: fileId }).delete());

export async function messagesWithFile(db: Knex, fileId: string): Promise<{ room_id: string; seq: number }[]> {
  const { rows } = await db.raw<{ rows: { room_id: string; seq: number }[] }>(
    `select room_id, seq from messages where attachments <> '[]' and attachments @> ?::jsonb limit 1000`,
    [JSON.stringify([{ id: fileId }])],
  );
  return rows;
}

export async function saveAttachments(trx: Knex, roomId: string, seq: number, attachments: object[]): Promise<Date> {
  const { rows } = await trx.raw<{ rows: { updated_at: Date }[] }>(
    `update messages set attachments = ?::jsonb, updated_at = date_trunc('milliseconds', clock_timestamp())
     where room_id = ? and seq = ? returning updated_at`,
    [JSON.stringify(attachments), roomId, seq],
  );
  return (rows[0] as { updated_at: Date }).updated_at;
}
