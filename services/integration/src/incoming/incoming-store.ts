import type { IdPaging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';

export interface IncomingRow {
  id: string;
  chat_id: string;
  name: string;
  bot_id: string;
  created_by: string;
  created_at: Date;
}

const COLUMNS = ['id', 'chat_id', 'name', 'bot_id', 'created_by', 'created_at'];

/** @returns undefined when the room has as many as it may have. */
export async function insertIncoming(
  trx: Knex,
  hook: Omit<IncomingRow, 'created_at'> & { secret_hash: Buffer },
  most: number,
): Promise<IncomingRow | undefined> {
  await trx.raw('lock table incoming_webhooks in share row exclusive mode');
  const { rows } = await trx.raw<{ rows: [{ n: number }] }>(
    'select count(*)::int n from incoming_webhooks where chat_id = ? and ended_at is null',
    [hook.chat_id],
  );
  if (rows[0].n >= most) return undefined;
  return (await trx('incoming_webhooks').insert(hook).returning(COLUMNS))[0];
}

/** @returns false when the room was deleted meanwhile. */
export const markReady = async (db: Knex, id: string): Promise<boolean> =>
  (await db('incoming_webhooks')
    .where({ id, ended_at: null })
    .update({ ready_at: db.raw('clock_timestamp()') })) > 0;

/** Newest first. */
export const listIncoming = async (
  db: Knex,
  chat_id: string,
  { limit, skip, cursor }: IdPaging,
): Promise<IncomingRow[]> =>
  await db('incoming_webhooks')
    .select(COLUMNS)
    .where({ chat_id, ended_at: null })
    .whereNotNull('ready_at')
    .modify((query) => void (cursor && query.where('id', '<', cursor[0])))
    .orderBy('id', 'desc')
    .limit(limit)
    .offset(skip);

/** From here on it takes nothing. @returns false: there is none. */
export const endIncoming = async (trx: Knex, chat_id: string, id: string): Promise<boolean> =>
  (await trx('incoming_webhooks')
    .where({ id, chat_id, ended_at: null })
    .whereNotNull('ready_at')
    .update({ ended_at: trx.raw('clock_timestamp()') })) > 0;

export const endIncomingOfRooms = async (trx: Knex, rooms: string[]): Promise<void> =>
  void (await trx.raw(
    'update incoming_webhooks set ended_at = clock_timestamp() where chat_id = any(?) and ended_at is null',
    [rooms],
  ));

/** Their bots were erased. */
export const deleteIncomingOfBots = async (trx: Knex, botIds: string[]): Promise<void> =>
  void (await trx.raw('delete from incoming_webhooks where bot_id = any(?)', [botIds]));

/** Those that ended, and those whose creation was cut off. Locked until the transaction ends. */
export async function takeUnused(
  trx: Knex,
  after: string,
): Promise<Pick<IncomingRow, 'id' | 'chat_id' | 'bot_id'> | undefined> {
  const { rows } = await trx.raw<{ rows: Pick<IncomingRow, 'id' | 'chat_id' | 'bot_id'>[] }>(
    `select id, chat_id, bot_id from incoming_webhooks
     where (ended_at is not null or (ready_at is null and created_at < clock_timestamp() - interval '1 minute')) and id > ?
     order by id limit 1 for update skip locked`,
    [after],
  );
  return rows[0];
}

export const deleteIncoming = async (trx: Knex, id: string): Promise<void> =>
  void (await trx('incoming_webhooks').where({ id }).delete());

export interface Admitted extends Pick<IncomingRow, 'chat_id' | 'bot_id'> {
  /** Whether it may send now. */
  taken: boolean;
  /** Its bot is. */
  banned: boolean;
}

/** One message per second, and as many at once as have been saved up, over all instances. */
export const BURST = 10;

/** Counts a message. @returns undefined: no such webhook, or not this secret. */
export async function takeToken(db: Knex, id: string, secret_hash: Buffer): Promise<Admitted | undefined> {
  const { rows } = await db.raw<{ rows: Admitted[] }>(
    `with found as (
       select id, chat_id, bot_id, coalesce(b.banned, false) banned from incoming_webhooks
       left join banned_accounts b on b.user_id = bot_id
       where id = :id and secret_hash = :secret_hash and ready_at is not null and ended_at is null
     ), taken as (
       update incoming_webhooks w set filled_at = now,
         tokens = least(${BURST}, tokens + greatest(0, extract(epoch from now - filled_at))) - 1
       from found, (select clock_timestamp() now) clock
       where w.id = found.id and not found.banned and tokens + greatest(0, extract(epoch from now - filled_at)) >= 1
       returning w.id
     )
     select chat_id, bot_id, banned, exists (select from taken) taken from found`,
    { id, secret_hash },
  );
  return rows[0];
}
