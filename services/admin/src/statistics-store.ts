// SQL of the read model of the statistics. Every write is correct in whatever order facts arrive.
import type { Account } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit/data';
import { addMessageMinutes } from './series/series-store.ts';

type Counted = Pick<Account, 'user_id' | 'status' | 'kind' | 'created_at' | 'updated_at'>;

/** The newest of each account, and in one order: two handlers can't deadlock. */
function newestOf(accounts: Counted[]): Counted[] {
  const byId = new Map<string, Counted>();
  for (const one of accounts)
    if (one.updated_at >= (byId.get(one.user_id)?.updated_at ?? '')) byId.set(one.user_id, one);
  return [...byId.values()];
}

export async function putAccounts(trx: Knex, accounts: Counted[]): Promise<void> {
  await trx.raw(
    `insert into accounts as t (user_id, status, kind, created_at, updated_at, seen_at)
     select user_id, status, coalesce(kind, 'user'), created_at, updated_at, created_at
     from json_to_recordset(?::json) a(user_id text, status text, kind text, created_at timestamptz, updated_at timestamptz)
     order by user_id
     on conflict (user_id) do update set
       status = case when t.updated_at is null or excluded.updated_at >= t.updated_at then excluded.status else t.status end,
       kind = case when excluded.kind = 'bot' then 'bot' else t.kind end,
       updated_at = greatest(t.updated_at, excluded.updated_at),
       created_at = excluded.created_at,
       seen_at = greatest(t.seen_at, excluded.seen_at)
     where coalesce(t.status, '') <> 'erased'`,
    [JSON.stringify(newestOf(accounts))],
  );
}

/** Only the ids stay, so that a late fact does not count a user again. */
export async function eraseAccounts(trx: Knex, userIds: string[]): Promise<void> {
  await trx.raw(
    `insert into accounts (user_id, status) select distinct id, 'erased' from unnest(?::text[]) id order by id
     on conflict (user_id) do update set status = 'erased', created_at = null, updated_at = null, seen_at = null`,
    [userIds],
  );
}

export async function putSeen(trx: Knex, seen: { user_id: string; at: string }[]): Promise<void> {
  await trx.raw(
    `insert into accounts as t (user_id, seen_at)
     select user_id, max(at) from unnest(?::text[], ?::timestamptz[]) s(user_id, at) group by user_id order by user_id
     on conflict (user_id) do update set seen_at = greatest(t.seen_at, excluded.seen_at)
     where coalesce(t.status, '') <> 'erased'`,
    [seen.map(({ user_id }) => user_id), seen.map(({ at }) => at)],
  );
}

export async function putRoom(trx: Knex, roomId: string, kind: string, at: string): Promise<void> {
  await trx.raw(
    `insert into rooms as t (room_id, kind, updated_at) values (?, ?, ?)
     on conflict (room_id) do update set kind = excluded.kind, updated_at = excluded.updated_at
     where t.updated_at is null or excluded.updated_at >= t.updated_at`,
    [roomId, kind, at],
  );
}

export async function markRoomDeleted(trx: Knex, roomId: string): Promise<void> {
  await trx.raw(
    'insert into rooms (room_id, deleted) values (?, true) on conflict (room_id) do update set deleted = true',
    [roomId],
  );
}

export async function putFile(trx: Knex, fileId: string, bytes: number): Promise<void> {
  await trx.raw('insert into files (file_id, bytes) values (?, ?) on conflict do nothing', [fileId, bytes]);
}

export async function markFileDeleted(trx: Knex, fileId: string, bytes: number): Promise<void> {
  await trx.raw(
    'insert into files (file_id, bytes, deleted) values (?, ?, true) on conflict (file_id) do update set deleted = true',
    [fileId, bytes],
  );
}

/** One per process: many facts share a transaction, and two must not lock two shards crosswise. */
const SHARD = Math.floor(Math.random() * 8);

/** Counts messages in the second of their creation; `count` is negative for deleted ones. */
export async function addMessages(trx: Knex, added: { created_at: string; count: number }[]): Promise<void> {
  const counts = added.map(({ count }) => count);
  const createdAt = added.map(({ created_at }) => created_at);
  await trx.raw(
    `with seconds as (
       insert into message_seconds as t (second, count)
       select date_trunc('second', created_at), sum(count) from unnest(?::timestamptz[], ?::int[]) as new(created_at, count)
       -- In one order, so that two handlers can't deadlock.
       where created_at > now() - interval '25 hours' group by 1 order by 1
       on conflict (second) do update set count = t.count + excluded.count)
     update message_totals set count = count + ? where shard = ?`,
    [createdAt, counts, counts.reduce((a, b) => a + b, 0), SHARD],
  );
  await addMessageMinutes(trx, createdAt, counts);
}

export async function deleteOldSeconds(db: Knex): Promise<void> {
  await db.raw(`delete from message_seconds where second < now() - interval '25 hours'`);
}

export interface Counts {
  users: { total: number; active_24h: number; new_24h: number; banned: number };
  rooms: { total: number; public: number; private: number; direct: number };
  messages: { total: number; last_24h: number; last_hour: number };
  files: { total: number; bytes: number };
}

/**
 * Facts come in any order: a deletion may be counted before its message. No count is below 0. Bots
 * are no users.
 */
const COUNTS = `
  select
    (select json_build_object(
       'total', count(created_at),
       'active_24h', count(created_at) filter (where seen_at > now() - interval '24 hours'),
       'new_24h', count(*) filter (where created_at > now() - interval '24 hours'),
       'banned', count(*) filter (where status = 'banned')) from accounts where kind <> 'bot') as users,
    (select json_build_object(
       'total', count(kind),
       'public', count(*) filter (where kind = 'public'),
       'private', count(*) filter (where kind = 'private'),
       'direct', count(*) filter (where kind = 'direct')) from rooms where not deleted) as rooms,
    (select json_build_object(
       'total', (select greatest(coalesce(sum(count), 0), 0)::bigint from message_totals),
       'last_24h', greatest(coalesce(sum(count), 0), 0),
       'last_hour', greatest(coalesce(sum(count) filter (where second > now() - interval '1 hour'), 0), 0))
     from message_seconds where second > now() - interval '24 hours') as messages,
    (select json_build_object('total', count(*), 'bytes', coalesce(sum(bytes), 0)::bigint) from files where not deleted) as files`;

export async function readCounts(db: Knex): Promise<Counts> {
  const { rows } = await db.raw<{ rows: [Counts] }>(COUNTS);
  return rows[0];
}
