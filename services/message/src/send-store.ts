// Owns: the statements of the send path, on pg's prepared statements. All that a batch changes is one statement, hence one
// round trip and one commit: the rooms are locked in order of id, each takes its seqs under its lock. A batch with a repeat in it
// changes nothing and is written again without.
import type { PoolClient } from '@chatapi/kit';
import { clientKey, repeatOf } from './client-key.ts';
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

/** The message that was there before. */
export interface Repeat {
  seq: number;
  id: string;
  created_at: Date;
  body_hash: string | null;
}

/** The seq of a message that was made, or the one that it repeats. */
export type SendOutcome = number | Repeat;

const THREADED = `), threaded as (
  update messages m set thread_count = m.thread_count + p.n
  from (select room_id, parent_seq, count(*) n from placed where parent_seq is not null group by room_id, parent_seq) p
  where m.room_id = p.room_id and m.seq = p.parent_seq
`;

/** Opening a table with all its indexes for a part that has nothing to do costs PostgreSQL as much as a message. */
const send = (threaded: string): string => `
with known as (
  select i.ord, repeat.* from json_array_elements_text($5::json) with ordinality as i(key, ord) cross join ${repeatOf('i.key')}
), wanted as materialized (
  select * from json_to_recordset($4::json) as (place text, room_id text, version int, n int)
), taken as (
  -- Locks in the order of wanted: PROBES lets nothing but a loop over it look rooms up.
  update rooms r set last_seq = r.last_seq + w.n, message_count = r.message_count + w.n, last_message_seq = r.last_seq + w.n, active_at = $2
  from wanted w where r.id = w.room_id and r.version = w.version and r.deleted_at is null and not exists (select from known)
  returning w.place, r.id room_id, r.last_seq - w.n base, w.n
), bases as materialized (
  -- A map, not a join: two CTEs have no index, and a batch of n rooms would cost n².
  select jsonb_object_agg(place, base) of_place from taken
), placed as (
  -- One JSON text: fifteen arrays would cost twice as much to write, and in small batches also to read.
  select i.*, (b.of_place ->> i.place)::bigint + i.nth seq
  from bases b, json_to_recordset($1::json) as i(place text, nth int, id text, room_id text, sender_id text, recipient_id text,
    client_id text, body_hash text, content text, message_type text, attachments jsonb, reply_to text, parent_seq bigint,
    mentions text[], before text, after text)
  where b.of_place ? i.place
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
select place::int ord, base seq, null::text id, null::timestamptz created_at, null::text body_hash from taken
union all select ord, seq, id, created_at, body_hash from known`;

export const SEND = send('');
export const SEND_REPLIES = send(THREADED);

/** A room of the batch, and how many messages it takes. */
interface Place {
  place: string;
  room_id: string;
  version: number;
  n: number;
}

/** `nth`: which of its room's messages it is, from 1. */
type PlacedRow = SendRow & { place: string; nth: number };

/** The rooms in the order in which they are locked (by their ASCII ids, as slow-store.ts does), the rows in their own. */
function place(rows: SendRow[]): { places: Place[]; placed: PlacedRow[] } {
  const byRoom = new Map<string, Place>();
  const placed = rows.map((row) => {
    const { room_id, version } = row;
    const room = byRoom.get(room_id) ?? { place: String(byRoom.size), room_id, version, n: 0 };
    byRoom.set(room_id, room);
    room.version = Math.max(room.version, version);
    return { ...row, place: room.place, nth: ++room.n };
  });
  return { places: [...byRoom.values()].sort((a, b) => (a.room_id < b.room_id ? -1 : 1)), placed };
}

interface Answer extends Repeat {
  /** A repeat's place in the batch, from 1; of a room that was written to, its `place`, with the seq before. */
  ord: number;
}

/** @returns what became of each row; `undefined` where its room has changed, and, where there are repeats, of all others. */
async function attempt(
  client: PoolClient,
  rows: SendRow[],
  at: Date,
  pendingId: string,
): Promise<{ repeats: boolean; outcomes: (SendOutcome | undefined)[] }> {
  const { places, placed } = place(rows);
  const keys = rows.map(({ room_id, sender_id, client_id }) => clientKey(room_id, sender_id, client_id));
  const values = [JSON.stringify(placed), at, pendingId, JSON.stringify(places), JSON.stringify(keys)];
  const replies = rows.some(({ parent_seq }) => parent_seq !== null);
  const statement = replies ? { name: 'send_replies', text: SEND_REPLIES } : { name: 'send', text: SEND };
  const found = await client.query<Answer>({ ...statement, values });
  const byOrd = new Map(found.rows.map((answer) => [answer.ord, answer]));
  const repeats = found.rows.some(({ id }) => id !== null);
  const outcomes = placed.map(({ place, nth }, i) => {
    if (repeats) return byOrd.get(i + 1);
    const before = byOrd.get(Number(place));
    return before && before.seq + nth;
  });
  return { repeats, outcomes };
}

/**
 * @param pendingId of the commit's row in `unpublished`.
 * @returns what became of each row; `undefined`: its room has changed since its rights were looked up, look again.
 */
export async function insertBatch(
  client: PoolClient,
  rows: SendRow[],
  at: Date,
  pendingId: string,
): Promise<(SendOutcome | undefined)[]> {
  const { repeats, outcomes } = await attempt(client, rows, at, pendingId);
  if (!repeats) return outcomes;
  const fresh = rows.filter((_, i) => outcomes[i] === undefined);
  const written = fresh.length === 0 ? [] : await insertBatch(client, fresh, at, pendingId);
  return outcomes.map((outcome) => outcome ?? written.shift());
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
select i.ord from unnest($1::text[]) with ordinality as i(key, ord) cross join ${repeatOf('i.key')}`;

/** Which of these have their message already: their places, from 1. */
export async function repeated(client: PoolClient, keys: (string | null)[]): Promise<number[]> {
  const found = await client.query<{ ord: number }>({ name: 'repeated', text: REPEATED, values: [keys] });
  return found.rows.map(({ ord }) => ord);
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
