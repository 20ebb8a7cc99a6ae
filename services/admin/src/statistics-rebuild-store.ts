// SQL that overwrites the read model with the state of the services. Call `blockFacts` first: no
// fact may be handled in between.
import type { Knex } from '@chatapi/kit/data';
import { setMessageMinutes } from './series/series-store.ts';

export interface AccountState {
  user_id: string;
  status: string;
  /** Auth of the version before does not send it. */
  kind?: string;
  created_at: string;
  updated_at: string;
  seen_at: string | null;
}
export interface RoomState {
  room_id: string;
  kind: string;
  updated_at: string;
  deleted: boolean;
}
export interface FileState {
  file_id: string;
  bytes: number;
  deleted: boolean;
}
export interface MessageCounts {
  total: number;
  seconds: [string, number][];
  facts: string[];
}

/**
 * Blocks the handling of facts until the transaction ends: handlers insert into this table first.
 * Waits for those that run.
 */
export async function blockFacts(trx: Knex): Promise<void> {
  // The time limit of a count of all messages, and some more.
  await trx.raw('set local idle_in_transaction_session_timeout = 180000');
  await trx.raw('lock table inbox in share row exclusive mode');
}

export async function setAccounts(trx: Knex, states: AccountState[]): Promise<void> {
  await trx.raw(
    `insert into accounts as t (user_id, status, kind, created_at, updated_at, seen_at)
     select user_id, status, coalesce(kind, 'user'), created_at, updated_at, greatest(seen_at, created_at)
     from jsonb_to_recordset(?::jsonb) as s(user_id text, status text, kind text, created_at timestamptz, updated_at timestamptz, seen_at timestamptz)
     on conflict (user_id) do update set status = excluded.status,
       kind = case when excluded.kind = 'bot' then 'bot' else t.kind end, created_at = excluded.created_at, updated_at = excluded.updated_at,
       seen_at = excluded.seen_at`,
    [JSON.stringify(states)],
  );
}

export async function setRooms(trx: Knex, states: RoomState[]): Promise<void> {
  await trx.raw(
    `insert into rooms (room_id, kind, updated_at, deleted)
     select * from jsonb_to_recordset(?::jsonb) as s(room_id text, kind text, updated_at timestamptz, deleted boolean)
     on conflict (room_id) do update set kind = excluded.kind, updated_at = excluded.updated_at, deleted = excluded.deleted`,
    [JSON.stringify(states)],
  );
}

export async function setFiles(trx: Knex, states: FileState[]): Promise<void> {
  await trx.raw(
    `insert into files (file_id, bytes, deleted)
     select * from jsonb_to_recordset(?::jsonb) as s(file_id text, bytes bigint, deleted boolean)
     on conflict (file_id) do update set bytes = excluded.bytes, deleted = excluded.deleted`,
    [JSON.stringify(states)],
  );
}

/** The counts include `facts`: marks them as handled, so that they are not counted again. */
export async function setMessages(trx: Knex, { total, seconds, facts }: MessageCounts): Promise<void> {
  await trx('message_totals').update({ count: trx.raw('case when shard = 0 then ?::bigint else 0 end', [total]) });
  await trx('message_seconds').delete();
  await trx.raw('insert into message_seconds (second, count) select * from unnest(?::timestamptz[], ?::int[])', [
    seconds.map(([second]) => second),
    seconds.map(([, count]) => count),
  ]);
  await setMessageMinutes(trx);
  await trx.raw('insert into inbox (fact_id) select unnest(?::text[]) on conflict do nothing', [facts]);
}

export type Model = 'accounts' | 'rooms' | 'files';
const KEY: Record<Model, string> = { accounts: 'user_id', rooms: 'room_id', files: 'file_id' };

/** Ids in the read model, a page in order. */
export const knownIds = async (db: Knex, model: Model, after: string, limit: number): Promise<string[]> =>
  await db(model).where(KEY[model], '>', after).orderBy(KEY[model]).limit(limit).pluck(KEY[model]);

const GONE: Record<Model, Record<string, unknown>> = {
  accounts: { status: 'erased', created_at: null, updated_at: null, seen_at: null },
  rooms: { deleted: true },
  files: { deleted: true },
};

/** Marks rows as deleted. They stay, so that a late fact does not bring them back. */
export const markGone = async (trx: Knex, model: Model, ids: string[]): Promise<void> =>
  void (await trx(model).whereIn(KEY[model], ids).update(GONE[model]));
