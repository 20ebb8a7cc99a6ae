// Owns: the statements of the send path, on pg's prepared statements. All that a batch changes is one statement, hence one
// round trip and one commit: repeats are left out, the rooms are locked in order of id, each takes its seqs under its lock.
import type { PoolClient } from '@chatapi/kit';
import { repeatOf } from './client-key.ts';
import type { Attachment } from './frames.ts';

export interface SendRow {
  id: string;
  room_id: string;
  version: number;
  sender_id: string;
  recipient_id: string | null;
  client_id: string | null;
  body_hash: string | null;
  content: string;
  message_type: string;
  attachments: Attachment[];
  reply_to: string | null;
  parent_seq: number | null;
  mentions: string[];
  before: string;
  after: string;
}

export interface SendOutcome {
  /** Place in the batch. */
  ord: number;
  seq: number;
  /** Set when the message was there before: the first one. */
  id: string | null;
  created_at: Date | null;
  body_hash: string | null;
}

// A row of the batch that is in no answer met a room that has changed since its rights were looked up: look again.
const THREADED = `), threaded as (
  update messages m set thread_count = m.thread_count + p.n
  from (select room_id, parent_seq, count(*) n from placed where parent_seq is not null group by room_id, parent_seq) p
  where m.room_id = p.room_id and m.seq = p.parent_seq
`;

/** Opening a table with all its indexes for a part that has nothing to do costs PostgreSQL as much as a message. */
const send = (threaded: string): string => `
with input as (
  -- One JSON text: fifteen arrays would cost twice as much to write, and in small batches also to read.
  select * from rows from (json_to_recordset($1::json) as (id text, room_id text, version int, sender_id text, recipient_id text,
    client_id text, body_hash text, content text, message_type text, attachments jsonb, reply_to text, parent_seq bigint,
    mentions text[], before text, after text)) with ordinality
  as t(id, room_id, version, sender_id, recipient_id, client_id, body_hash, content, message_type, attachments, reply_to, parent_seq,
    mentions, before, after, ord)
), known as (
  select i.ord, repeat.* from input i cross join ${repeatOf('i.room_id', 'i.sender_id', 'i.client_id')}
), fresh as (
  select * from input where ord not in (select ord from known)
), wanted as materialized (
  select room_id, max(version) version, count(*) n from fresh group by room_id order by room_id
), taken as (
  -- Locks in the order of wanted: PROBES lets nothing but a loop over it look rooms up.
  update rooms r set last_seq = r.last_seq + w.n, message_count = r.message_count + w.n, last_message_seq = r.last_seq + w.n, active_at = $2
  from wanted w where r.id = w.room_id and r.version = w.version and r.deleted_at is null
  returning r.id room_id, r.last_seq - w.n base, w.n
), bases as materialized (
  -- A map, not a join: two CTEs have no index, and a batch of n rooms would cost n².
  select jsonb_object_agg(room_id, base) of_room from taken
), placed as (
  select f.*, (b.of_room ->> f.room_id)::bigint + row_number() over (partition by f.room_id order by f.ord) seq
  from bases b, fresh f where b.of_room ? f.room_id
), made as (
  insert into messages (room_id, seq, id, sender_id, recipient_id, client_id, body_hash, content, message_type, attachments, reply_to,
    mentions, created_at, updated_at)
  select room_id, seq, id, sender_id, recipient_id, client_id, body_hash, content, message_type, attachments, reply_to,
    mentions, $2, $2 from placed
), logged as (
  insert into room_events (room_id, seq, created_at, sender, frame)
  select room_id, seq, $2, sender_id, before || seq || after from placed
), counted as (
  insert into room_senders as s (room_id, user_id, sent)
  select room_id, sender_id, count(*) from placed group by room_id, sender_id
  on conflict (room_id, user_id) do update set sent = s.sent + excluded.sent
${threaded}), pending as (
  insert into unpublished (id, room_ids, first_seqs, last_seqs, made, made_at)
  select $3, array_agg(room_id), array_agg(base + 1), array_agg(base + n), sum(n), $2 from taken having count(*) > 0
)
select ord, seq, null::text id, null::timestamptz created_at, null::text body_hash from placed
union all select ord, seq, id, created_at, body_hash from known`;

export const SEND = send('');
export const SEND_REPLIES = send(THREADED);

/** @param pendingId of the commit's row in `unpublished`. */
export async function insertBatch(
  client: PoolClient,
  rows: SendRow[],
  at: Date,
  pendingId: string,
): Promise<SendOutcome[]> {
  const values = [JSON.stringify(rows), at, pendingId];
  const replies = rows.some(({ parent_seq }) => parent_seq !== null);
  const statement = replies ? { name: 'send_replies', text: SEND_REPLIES } : { name: 'send', text: SEND };
  return (await client.query<SendOutcome>({ ...statement, values })).rows;
}

export interface Standing {
  room_id: string;
  user_id: string;
  /** null: there is no such room. */
  kind: 'public' | 'private' | 'direct' | null;
  version: number;
  deleted: boolean;
  member: boolean;
  muted_until: Date | null;
  /** Slow mode is on and this one is not of the room's staff. */
  slow: boolean;
}

const STANDING = `
select i.room_id, i.user_id, r.kind, coalesce(r.version, 0) version, r.deleted_at is not null deleted, m.user_id is not null member,
  x.until muted_until, coalesce(r.slow_mode_seconds > 0 and m.role = 'member', false) slow
from unnest($1::text[], $2::text[]) as i(room_id, user_id)
left join rooms r on r.id = i.room_id left join room_members m on m.room_id = i.room_id and m.user_id = i.user_id
left join room_mutes x on x.room_id = i.room_id and x.user_id = i.user_id and x.until > clock_timestamp()`;

/** Where each of the users stands in the room at the same index. */
export async function standings(client: PoolClient, roomIds: string[], userIds: string[]): Promise<Standing[]> {
  return (await client.query<Standing>({ name: 'standing', text: STANDING, values: [roomIds, userIds] })).rows;
}

const REPEATED = `
select i.ord from unnest($1::text[], $2::text[], $3::text[]) with ordinality as i(room_id, sender_id, client_id, ord)
cross join ${repeatOf('i.room_id', 'i.sender_id', 'i.client_id')}`;

/** Which of these have their message already: their places, from 1. */
export async function repeated(
  client: PoolClient,
  roomIds: string[],
  senderIds: string[],
  clientIds: (string | null)[],
): Promise<number[]> {
  const values = [roomIds, senderIds, clientIds];
  return (await client.query<{ ord: number }>({ name: 'repeated', text: REPEATED, values })).rows.map(({ ord }) => ord);
}

export interface Parent {
  id: string;
  room_id: string;
  seq: number;
  is_deleted: boolean;
}

export async function parents(client: PoolClient, ids: string[]): Promise<Parent[]> {
  const text = 'select id, room_id, seq, is_deleted from messages where id = any($1::text[])';
  return (await client.query<Parent>({ name: 'parents', text, values: [ids] })).rows;
}

/** User ids by lower-case username. */
export async function named(client: PoolClient, usernames: string[]): Promise<Map<string, string>> {
  const text = 'select lower(username) name, user_id from people where lower(username) = any($1::text[])';
  const { rows } = await client.query<{ name: string; user_id: string }>({ name: 'named', text, values: [usernames] });
  return new Map(rows.map(({ name, user_id }) => [name, user_id]));
}
