// Facts that webhooks may hear, kept in order as the events of a room are.
import type { LogPage } from '@chatapi/bus';
import { newId } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';

/** No room has such a name. */
export const FACTS_ROOM = '~facts';

export interface PublicFact {
  type: string;
  /** Whom it is about, for erasure. */
  user_id: string | null;
  data: Record<string, unknown>;
}

/** @returns the seq of the last one. */
export async function appendFacts(trx: Knex, facts: PublicFact[]): Promise<number> {
  const head = await trx.raw<{ rows: [{ last_seq: number }] }>(
    'update facts_head set last_seq = last_seq + ? returning last_seq',
    [facts.length],
  );
  const { last_seq } = head.rows[0];
  await trx('facts_log').insert(
    facts.map(({ type, user_id, data }, i) => ({
      seq: last_seq - facts.length + 1 + i,
      id: newId('fact'),
      user_id,
      frame: JSON.stringify({ type, ...data }),
    })),
  );
  return last_seq;
}

/** A fact's id stands in place of an epoch: it makes the event's id. */
export async function readFacts(db: Knex, after: number, limit: number): Promise<LogPage> {
  const { rows } = await db.raw<{ rows: { id: string; seq: number; frame: string; at: number }[] }>(
    `select id, seq, frame, floor(extract(epoch from created_at) * 1000)::float8 "at" from facts_log
     where seq > ? order by seq limit ?`,
    [after, limit],
  );
  const head = await db.raw<{ rows: [{ last_seq: number; first_seq: number | null; epoch: string }] }>(
    'select last_seq, epoch, (select min(seq) from facts_log) first_seq from facts_head',
  );
  const { last_seq, first_seq, epoch } = head.rows[0];
  return {
    id: FACTS_ROOM,
    epoch,
    first_seq: first_seq ?? last_seq + 1,
    last_seq,
    events: rows.map(({ id, ...event }) => ({ ...event, epoch: id })),
  };
}

export async function seqOfFactsAt(db: Knex, at: number): Promise<number> {
  const { rows } = await db.raw<{ rows: [{ seq: number }] }>(
    `select coalesce((select max(seq) from facts_log where created_at <= to_timestamp(?::float8 / 1000)),
       (select min(seq) - 1 from facts_log), (select last_seq from facts_head)) seq`,
    [at],
  );
  return rows[0].seq;
}

const KEEP = `interval '30 days'`;

export const forgetOldFacts = async (db: Knex): Promise<void> =>
  void (await db.raw(`delete from facts_log where created_at < now() - ${KEEP}`));

export async function erasedAmong(trx: Knex, userIds: string[]): Promise<Set<string>> {
  const { rows } = await trx.raw<{ rows: { user_id: string }[] }>(
    'select user_id from erased_accounts where user_id = any(?)',
    [userIds],
  );
  return new Set(rows.map(({ user_id }) => user_id));
}

/** They keep their places, without what they said of the users. */
export async function redactFacts(trx: Knex, userIds: string[]): Promise<void> {
  await trx.raw(
    'insert into erased_accounts (user_id) select id from unnest(?::text[]) id order by id on conflict do nothing',
    [userIds],
  );
  await trx.raw(
    `update facts_log set frame = jsonb_build_object('type', frame::jsonb -> 'type', 'user_id', user_id, 'is_erased', true)::text
     where user_id = any(?)`,
    [userIds],
  );
  await trx.raw('delete from banned_accounts where user_id = any(?)', [userIds]);
}

/** @returns the users who were not known to be banned. Facts may come in any order. */
export async function noteBans(
  trx: Knex,
  accounts: { user_id: string; banned: boolean; updated_at: string }[],
): Promise<Set<string>> {
  const { rows } = await trx.raw<{ rows: { user_id: string }[] }>(
    `with told as (
       select distinct on (user_id) * from jsonb_to_recordset(?::jsonb) as t(user_id text, banned boolean, updated_at timestamptz)
       order by user_id, updated_at desc
     ), before as (
       select b.user_id, b.banned from banned_accounts b join told using (user_id) order by user_id for update of b
     ), noted as (
       insert into banned_accounts as b (user_id, banned, updated_at) select user_id, banned, updated_at from told
       where banned or user_id in (select user_id from before)
       on conflict (user_id) do update set banned = excluded.banned, updated_at = excluded.updated_at
         where b.updated_at < excluded.updated_at
       returning user_id, banned
     )
     select n.user_id from noted n left join before b using (user_id) where n.banned and b.banned is not true`,
    [JSON.stringify(accounts)],
  );
  return new Set(rows.map(({ user_id }) => user_id));
}
