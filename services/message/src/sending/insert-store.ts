// Prepared statements of the send path. A batch is one statement, so one round trip and one commit:
// it locks the rooms in the order of their ids and takes their next seqs. A batch that contains a
// repeat changes nothing and is inserted again without it.
import type { PipelinedPool, PoolClient } from '@chatapi/kit/data';
import { erasedMemberOf } from '../access/erased-peer-store.ts';
import { GENERAL } from '../access/general-room-store.ts';
import { INSERTED, type InsertedFields } from '../log/message.ts';
import { clientKey, repeatOf } from './idempotency-key.ts';

export interface SendRow extends InsertedFields {
  version: number;
  parent_seq: number | null;
  before: string;
  after: string;
}

const FIELDS = Object.keys(INSERTED).join(', ');
const TYPED_FIELDS = Object.entries(INSERTED)
  .map(([name, type]) => `${name} ${type}`)
  .join(', ');

/** The message that a send repeats. */
export interface FirstMessage {
  seq: number;
  id: string;
  created_at: Date;
  body_hash: string | null;
}

export type RowOutcome =
  /** `parent_thread_count`: of a reply. */
  | { kind: 'inserted'; seq: number; parent_thread_count: number | undefined }
  | { kind: 'repeat'; first: FirstMessage }
  /** The room has changed since the sender's access was looked up. */
  | { kind: 'stale' };

const STALE: RowOutcome = { kind: 'stale' };

/** What replies add: their parents count them, and their frames tell the count. */
const REPLIES = {
  fields: ', parent_nth int',
  threaded: `), threaded as (
  update messages m set thread_count = m.thread_count + p.n
  from (select room_id, parent_seq, count(*) n from placed where parent_seq is not null group by room_id, parent_seq) p
  where m.room_id = p.room_id and m.seq = p.parent_seq returning m.room_id || ' ' || m.seq parent, m.thread_count - p.n before
), parents as materialized (
  select jsonb_object_agg(parent, before) counts from threaded
`,
  from: 'placed cross join parents',
  count: `coalesce(',"parent_thread_count":' || (counts ->> (room_id || ' ' || parent_seq))::int + parent_nth, '') || `,
  result: `, null::jsonb counts from taken
union all select ord, seq, id, created_at, body_hash, null from known
union all select 0, 0, null, null, null, counts from parents where counts is not null`,
};
const NO_REPLIES: typeof REPLIES = {
  fields: '',
  threaded: '',
  from: 'placed',
  count: '',
  result: ` from taken
union all select ord, seq, id, created_at, body_hash from known`,
};

/** Two statements: to open a table and its indexes for nothing costs as much as a message. */
const send = ({ fields, threaded, from, count, result }: typeof REPLIES): string => `
with known as (
  select i.ord, repeat.* from json_array_elements_text($5::json) with ordinality as i(key, ord) cross join ${repeatOf('i.key')}
), wanted as materialized (
  select * from json_to_recordset($4::json) as (place text, room_id text, version int, n int)
), taken as (
  -- Locks in the order of wanted: PROBES leaves only a nested loop to look rooms up.
  update rooms r set last_seq = r.last_seq + w.n, message_count = r.message_count + w.n,
    last_message_seq = r.last_seq + w.n, active_at = $2
  from wanted w where r.id = w.room_id and r.version = w.version and r.deleted_at is null and not exists (select from known)
  returning w.place, r.id room_id, r.last_seq - w.n base, w.n
), bases as materialized (
  -- A map, not a join: CTEs have no index, so that joining them costs n² for n rooms.
  select jsonb_object_agg(place, base) of_place from taken
), placed as (
  -- One JSON text: fifteen arrays cost twice as much to encode, and in small batches to decode.
  select i.*, (b.of_place ->> i.place)::bigint + i.nth seq
  from bases b, json_to_recordset($1::json) as i(place text, nth int, ${TYPED_FIELDS},
    parent_seq bigint, before text, after text${fields})
  where b.of_place ? i.place
), made as (
  insert into messages (seq, ${FIELDS}, created_at, updated_at)
  select seq, ${FIELDS}, $2, $2 from placed
${threaded}), logged as (
  insert into room_events (room_id, seq, created_at, sender, frame)
  select room_id, seq, $2, sender_id, before || seq || ${count}after from ${from}
), counted as (
  insert into room_senders as s (room_id, user_id, sent)
  select room_id, sender_id, count(*) from placed group by room_id, sender_id
  on conflict (room_id, user_id) do update set sent = s.sent + excluded.sent
), pending as (
  insert into unpublished (id, room_ids, first_seqs, last_seqs, made, made_at)
  select $3, array_agg(room_id), array_agg(base + 1), array_agg(base + n), sum(n), $2 from taken having count(*) > 0
)
select place::int ord, base seq, null::text id, null::timestamptz created_at, null::text body_hash${result}`;

export const SEND = send(NO_REPLIES);
export const SEND_REPLIES = send(REPLIES);

/** A room of the batch, and its number of messages. */
interface Place {
  place: string;
  room_id: string;
  version: number;
  n: number;
}

/**
 * `nth`: its position among its room's messages, from 1. `parent_nth`: among the replies to its
 * parent.
 */
type PlacedRow = SendRow & { place: string; nth: number; parent_nth?: number };

const parentOf = ({ room_id, parent_seq }: SendRow): string => `${room_id} ${parent_seq}`;

/** The rooms in the order in which they are locked, by their ASCII ids as in slow-mode-store.ts. */
function place(rows: SendRow[]): { places: Place[]; placed: PlacedRow[] } {
  const byRoom = new Map<string, Place>();
  const replies = new Map<string, number>();
  const placed = rows.map((row) => {
    const { room_id, version } = row;
    const room = byRoom.get(room_id) ?? { place: String(byRoom.size), room_id, version, n: 0 };
    byRoom.set(room_id, room);
    room.version = Math.max(room.version, version);
    const placed = { ...row, place: room.place, nth: ++room.n };
    if (row.parent_seq === null) return placed;
    const parent_nth = (replies.get(parentOf(row)) ?? 0) + 1;
    replies.set(parentOf(row), parent_nth);
    return { ...placed, parent_nth };
  });
  return { places: [...byRoom.values()].sort((a, b) => (a.room_id < b.room_id ? -1 : 1)), placed };
}

interface ResultRow extends FirstMessage {
  /**
   * Of a repeat: its place in the batch, from 1. Else the `place` of a room, and the seq before.
   */
  ord: number;
  /** Of one further row: the replies that the parents had before, by `parentOf`. */
  counts?: Record<string, number> | null;
}

type Attempt =
  | { kind: 'written'; outcomes: RowOutcome[] }
  /** Nothing was inserted. By index of the row. */
  | { kind: 'repeats'; firsts: Map<number, FirstMessage> };

async function attempt(client: PoolClient, rows: SendRow[], at: Date, pendingId: string): Promise<Attempt> {
  const { places, placed } = place(rows);
  const keys = rows.map(({ room_id, sender_id, client_id }) => clientKey(room_id, sender_id, client_id));
  const values = [JSON.stringify(placed), at, pendingId, JSON.stringify(places), JSON.stringify(keys)];
  const replies = rows.some(({ parent_seq }) => parent_seq !== null);
  const statement = replies ? { name: 'send_replies', text: SEND_REPLIES } : { name: 'send', text: SEND };
  const found = (await client.query<ResultRow>({ ...statement, values })).rows;
  if (found.some(({ id }) => id !== null))
    return { kind: 'repeats', firsts: new Map(found.map((first) => [first.ord - 1, first])) };
  const counts = found.find((row) => row.counts)?.counts ?? {};
  const bases = new Map(found.filter((row) => !row.counts).map(({ ord, seq }) => [ord, seq]));
  const outcomes = placed.map((row): RowOutcome => {
    const base = bases.get(Number(row.place));
    if (base === undefined) return STALE;
    const parent_thread_count =
      row.parent_nth === undefined ? undefined : (counts[parentOf(row)] as number) + row.parent_nth;
    return { kind: 'inserted', seq: base + row.nth, parent_thread_count };
  });
  return { kind: 'written', outcomes };
}

/**
 * @param pendingId id of the commit's row in `unpublished`.
 * @returns one outcome per row, in their order.
 */
export async function insertBatch(
  client: PoolClient,
  rows: SendRow[],
  at: Date,
  pendingId: string,
): Promise<RowOutcome[]> {
  const tried = await attempt(client, rows, at, pendingId);
  if (tried.kind === 'written') return tried.outcomes;
  const { firsts } = tried;
  const fresh = rows.filter((_, i) => !firsts.has(i));
  const inserted = (fresh.length === 0 ? [] : await insertBatch(client, fresh, at, pendingId)).values();
  return rows.map((_, i): RowOutcome => {
    const first = firsts.get(i);
    return first === undefined ? (inserted.next().value as RowOutcome) : { kind: 'repeat', first };
  });
}

export interface SenderState {
  room_id: string;
  user_id: string;
  /** null: the room does not exist. */
  kind: 'public' | 'private' | 'direct' | null;
  version: number;
  deleted: boolean;
  member: boolean;
  muted_until: Date | null;
  /** Slow mode is on, and the user is no moderator of the room. */
  slow: boolean;
  archived: boolean;
  /** A member of a room that should have an owner and has none. */
  ownerless: boolean;
  /** A direct room whose other user was erased. */
  recipient_deleted: boolean;
}

export const STANDING = `
select i.room_id, i.user_id, r.kind, coalesce(r.version, 0) version,
  r.deleted_at is not null deleted, m.user_id is not null member, x.until muted_until,
  coalesce(r.slow_mode_seconds > 0 and m.role = 'member', false) slow,
  r.archived_at is not null archived,
  case when r.kind = 'direct' or r.id = '${GENERAL}' or m.user_id is null then false
    else (select o.role from room_members o where o.room_id = r.id and o.role = 'owner' limit 1) is null end ownerless,
  case when r.kind = 'direct' then ${erasedMemberOf('r.id')} else false end recipient_deleted
from unnest($1::text[], $2::text[]) as i(room_id, user_id)
left join rooms r on r.id = i.room_id
left join room_members m on m.room_id = i.room_id and m.user_id = i.user_id
left join room_mutes x on x.room_id = i.room_id and x.user_id = i.user_id
  and x.until > clock_timestamp()`;

/** The state of each user in the room at the same index, in any order. */
export async function senderStates(client: PoolClient, roomIds: string[], userIds: string[]): Promise<SenderState[]> {
  return (await client.query<SenderState>({ name: 'standing', text: STANDING, values: [roomIds, userIds] })).rows;
}

const REPEATED = `
select i.ord from unnest($1::text[]) with ordinality as i(key, ord) cross join ${repeatOf('i.key')}`;

/** @returns the places (from 1) of the keys that have a message. */
export async function repeated(client: Pick<PipelinedPool, 'query'>, keys: (string | null)[]): Promise<number[]> {
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

/** @returns user ids by lower-case username. */
export async function usersByName(client: PoolClient, usernames: string[]): Promise<Map<string, string>> {
  const text = 'select lower(username) name, user_id from people where lower(username) = any($1::text[])';
  const { rows } = await client.query<{ name: string; user_id: string }>({ name: 'named', text, values: [usernames] });
  return new Map(rows.map(({ name, user_id }) => [name, user_id]));
}
