import type { Knex, PipelinedPool } from '@chatapi/kit/data';
import { COLUMNS, type MessageRow } from '../log/message.ts';

/** Somebody who has become known. */
export interface Newcomer {
  user_id: string;
  /** In lower case. */
  name: string;
  /** Messages written before can't mean them. */
  since: Date;
}

/** Clocks of auth and of the message service may differ by this. */
const CLOCK_SKEW = `interval '5 seconds'`;

const DUE = 'select exists (select from people where naming_due_at <= now()) due';

/** A cheap check without locks: usually nobody is new. */
export const isNamingDue = async (reads: PipelinedPool): Promise<boolean> =>
  (await reads.query<{ due: boolean }>({ name: 'naming-due', text: DUE, values: [] })).rows[0]?.due === true;

/** Locks them until the end of `trx`. A crash releases them at once. */
export async function claimNewcomers(trx: Knex, limit: number): Promise<Newcomer[]> {
  await trx.raw('set local idle_in_transaction_session_timeout = 0');
  // The planner knows little of new rows.
  await trx.raw('set local enable_seqscan = off');
  const { rows } = await trx.raw<{ rows: Newcomer[] }>(
    `select user_id, lower(username) as name, coalesce(created_at, account_at) - ${CLOCK_SKEW} since from people
     where naming_due_at <= now() order by naming_due_at limit ? for update skip locked`,
    [limit],
  );
  return rows;
}

/**
 * Due again when they have been known for `soon` seconds, and for `watch` seconds: few times, since
 * thousands may become known at once.
 */
export const postponeNewcomers = async (trx: Knex, ids: string[], soon: number, watch: number): Promise<void> =>
  void (await trx.raw(
    `update people set naming_due_at = case
       when clock_timestamp() - known_at < :soon * interval '1 second' then known_at + :soon * interval '1 second'
       when clock_timestamp() - known_at < :watch * interval '1 second' then known_at + :watch * interval '1 second' end
     where user_id = any(:ids)`,
    { ids, soon, watch },
  ));

/** Messages that name one of them. */
export async function messagesNaming(
  trx: Knex,
  people: Newcomer[],
  limit: number,
): Promise<{ room_id: string; seq: number }[]> {
  const { rows } = await trx.raw<{ rows: { room_id: string; seq: number }[] }>(
    `select distinct m.room_id, m.seq from unnest(?::text[], ?::timestamptz[]) as p(name, since)
     join messages m on m.unknown_names is not null and m.unknown_names @> array[p.name] and m.updated_at >= p.since
     limit ?`,
    [people.map(({ name }) => name), people.map(({ since }) => since), limit],
  );
  return rows;
}

export type NamingMessage = MessageRow & { unknown_names: string[] | null };

/** Lock its room first. */
export const lockNaming = async (trx: Knex, roomId: string, seq: number): Promise<NamingMessage> =>
  (
    await trx.raw<{ rows: NamingMessage[] }>(
      `select ${COLUMNS}, m.unknown_names from messages m where m.room_id = ? and m.seq = ? for update`,
      [roomId, seq],
    )
  ).rows[0] as NamingMessage;

/** User ids by lower-case name. Erased users have none. */
export async function namesOf(trx: Knex, ids: string[]): Promise<Map<string, string>> {
  const { rows } = await trx.raw<{ rows: { name: string; user_id: string }[] }>(
    `select lower(username) as name, user_id from people where user_id = any(?) and username <> ''`,
    [ids],
  );
  return new Map(rows.map(({ name, user_id }) => [name, user_id]));
}

export const saveUnknownNames = async (trx: Knex, row: MessageRow, names: string[] | null): Promise<void> =>
  void (await trx.raw('update messages set unknown_names = ? where room_id = ? and seq = ?', [
    names,
    row.room_id,
    row.seq,
  ]));

/** @returns `updated_at`. */
export async function saveMentions(trx: Knex, row: MessageRow, mentions: string[]): Promise<Date> {
  const { rows } = await trx.raw<{ rows: { updated_at: Date }[] }>(
    `update messages set mentions = ?, updated_at = date_trunc('milliseconds', clock_timestamp())
     where room_id = ? and seq = ? returning updated_at`,
    [mentions, row.room_id, row.seq],
  );
  return (rows[0] as { updated_at: Date }).updated_at;
}
