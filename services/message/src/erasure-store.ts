// Owns: the SQL by which a person leaves the log: where they stand in it, and what of it is blanked, span by span of a room.
import type { Knex, Pipes } from '@chatapi/kit';

export interface Erasure {
  user_id: string;
  erased_at: Date;
}

/** Marks the person as erased, known or not, and orders the work. */
export async function orderErasure(trx: Knex, userId: string, at: string): Promise<void> {
  await trx.raw(
    `insert into people (user_id, username, account_at, erased_at) values (?, '', ?, ?)
     on conflict (user_id) do update set username = '', display_name = '', erased_at = excluded.erased_at`,
    [userId, at, at],
  );
  await trx.raw('insert into erasures (user_id, erased_at) values (?, ?) on conflict do nothing', [userId, at]);
}

const DUE =
  'select exists (select from erasures where due_at <= now()) or exists (select from erased_files where due_at <= now()) due';

/** A look that locks nothing and costs one round trip: most of the time there is nothing to erase. */
export const isErasureDue = async (reads: Pipes): Promise<boolean> =>
  (await reads.query<{ due: boolean }>({ name: 'erasure-due', text: DUE, values: [] })).rows[0]?.due === true;

/** Holds one that is due for as long as `trx` lives; whoever dies lets it go at once. */
export async function takeErasure(trx: Knex): Promise<Erasure | undefined> {
  await trx.raw('set local idle_in_transaction_session_timeout = 0');
  const { rows } = await trx.raw<{ rows: Erasure[] }>(
    'select user_id, erased_at from erasures where due_at <= now() order by due_at limit 1 for update skip locked',
  );
  return rows[0];
}

export const postponeErasure = async (trx: Knex, userId: string, seconds: number): Promise<void> =>
  void (await trx.raw(`update erasures set due_at = clock_timestamp() + ? * interval '1 second' where user_id = ?`, [
    seconds,
    userId,
  ]));

/** Nothing is left: the last that told where they had been. */
export async function endErasure(trx: Knex, userId: string): Promise<void> {
  await trx.raw('delete from room_senders where user_id = ?', [userId]);
  await trx.raw('delete from traces where user_id = ?', [userId]);
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

export const leaveTrace = async (trx: Knex, userIds: string[], roomId: string): Promise<void> =>
  void (await trx.raw('insert into traces (user_id, room_id) select unnest(?::text[]), ? on conflict do nothing', [
    userIds,
    roomId,
  ]));

export interface Span {
  room_id: string;
  /** Exclusive. */
  from: number;
  to: number;
}

const WRITTEN = `from messages where room_id = :room_id and seq > :from and seq <= :to and sender_id = :userId
  and not (is_deleted and client_id is null and body_hash is null)`;
const LOGGED = `from room_events where room_id = :room_id and seq > :from and seq <= :to and sender = :userId`;

/** Without a lock: most spans of most rooms hold nothing of one person. */
export async function standsIn(db: Knex, userId: string, span: Span): Promise<boolean> {
  const { rows } = await db.raw<{ rows: { found: boolean }[] }>(
    `select exists (select ${WRITTEN}) or exists (select ${LOGGED}) found`,
    { userId, ...span },
  );
  return (rows[0] as { found: boolean }).found;
}

export interface Buried {
  id: string;
  seq: number;
  created_at: Date;
}

/** Blanks the person's messages in the span. @returns those that were not deleted before. The room must be locked. */
export async function blankMessages(trx: Knex, userId: string, span: Span): Promise<Buried[]> {
  const { rows } = await trx.raw<{ rows: (Buried & { reply_to: string | null; is_deleted: boolean })[] }>(
    `select id, seq, created_at, reply_to, is_deleted ${WRITTEN} order by seq for update`,
    { userId, ...span },
  );
  const fresh = rows.filter(({ is_deleted }) => !is_deleted);
  await trx.raw(
    `update messages set content = '', attachments = '[]', mentions = '{}', client_id = null, body_hash = null,
       updated_at = case when is_deleted then updated_at else date_trunc('milliseconds', clock_timestamp()) end, is_deleted = true
     where room_id = ? and seq = any(?)`,
    [span.room_id, rows.map(({ seq }) => seq)],
  );
  await trx.raw('delete from reactions where room_id = ? and seq = any(?)', [
    span.room_id,
    fresh.map(({ seq }) => seq),
  ]);
  await trx.raw(
    `update messages m set thread_count = greatest(m.thread_count - p.n, 0)
     from (select parent, count(*) n from unnest(?::text[]) parent group by parent) p where m.room_id = ? and m.id = p.parent`,
    [fresh.flatMap(({ reply_to }) => reply_to ?? []), span.room_id],
  );
  return fresh;
}

export interface LoggedFrame {
  seq: number;
  frame: string;
  /** Whether everybody who is connected has long had it. */
  settled: boolean;
}

export async function framesOf(trx: Knex, userId: string, span: Span): Promise<LoggedFrame[]> {
  const { rows } = await trx.raw<{ rows: LoggedFrame[] }>(
    `select seq, frame, created_at < now() - interval '4 seconds' settled ${LOGGED}`,
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

/** @returns what was taken away. */
export async function takeReactions(
  trx: Knex,
  userId: string,
  roomId: string,
): Promise<{ message_id: string; emoji: string }[]> {
  const { rows } = await trx.raw<{ rows: { message_id: string; emoji: string }[] }>(
    `with gone as (delete from reactions where room_id = ? and user_id = ? returning room_id, seq, emoji)
     select m.id message_id, g.emoji from gone g join messages m on m.room_id = g.room_id and m.seq = g.seq order by g.seq, g.emoji`,
    [roomId, userId],
  );
  return rows;
}

/** Name and topic, where this person wrote them. @returns those that are gone. */
export async function blankRoom(trx: Knex, userId: string, roomId: string): Promise<{ name?: null; topic?: null }> {
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
  const { name_by: _, topic_by: __, ...shown } = gone;
  return shown;
}

/** The person stays a member of a direct room, since the other one's room is named by it; where they stood in it goes. */
export const forgetPosition = async (trx: Knex, userId: string, roomId: string): Promise<void> =>
  void (await trx('room_members').where({ room_id: roomId, user_id: userId }).update({ read_seq: 0, read_others: 0 }));

/** Whether nobody who still exists is in the room. */
export async function isDeserted(trx: Knex, roomId: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `select 1 from room_members m join people p on p.user_id = m.user_id and p.erased_at is null where m.room_id = ? limit 1`,
    [roomId],
  );
  return rows.length === 0;
}

/** Between which seqs the person may stand in the room: its whole length if they sent there, else what the log still has. */
export async function extentOf(db: Knex, userId: string, roomId: string): Promise<{ first: number; head: number }> {
  const { rows } = await db.raw<{ rows: { first: number; head: number }[] }>(
    `select r.last_seq head, case when exists (select from room_senders where room_id = r.id and user_id = ?) then 0
       else coalesce((select e.seq - 1 from room_events e where e.room_id = r.id order by e.seq limit 1), r.last_seq) end as first
     from rooms r where r.id = ?`,
    [userId, roomId],
  );
  return rows[0] ?? { first: 0, head: 0 };
}

/** Orders that messages of others lose these files. */
export const orderFiles = async (trx: Knex, fileIds: string[]): Promise<void> =>
  void (await trx.raw('insert into erased_files (file_id) select unnest(?::text[]) on conflict do nothing', [fileIds]));

/** Holds one for as long as `trx` lives. */
export async function takeFile(trx: Knex): Promise<string | undefined> {
  await trx.raw('set local idle_in_transaction_session_timeout = 0');
  const { rows } = await trx.raw<{ rows: { file_id: string }[] }>(
    'select file_id from erased_files where due_at <= now() limit 1 for update skip locked',
  );
  return rows[0]?.file_id;
}

export const endFile = async (trx: Knex, fileId: string): Promise<void> =>
  void (await trx('erased_files').where({ file_id: fileId }).delete());

export async function bearersOf(db: Knex, fileId: string): Promise<{ room_id: string; seq: number }[]> {
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
