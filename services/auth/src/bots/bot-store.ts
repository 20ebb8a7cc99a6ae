// SQL of bots: accounts without email and password, each with an owner.
import type { IdPaging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { type AccountRow, COLUMNS, type RawAccount, toAccount } from '../account-store.ts';

export type BotRow = AccountRow & { owner_id: string | null };
type RawBot = RawAccount & { owner_id: string | null };

const toBot = ({ owner_id, ...row }: RawBot): BotRow => ({ ...toAccount(row), owner_id });

const OF_BOTS = `select ${COLUMNS}, owner_id from accounts join bots using (user_id) where`;

export interface NewBot {
  user_id: string;
  username: string;
  username_key: string;
  display_name: string;
  owner_id: string | null;
}

/** Of a bot that nobody manages. @returns undefined when the username, or the id, is taken. */
export async function insertBotAccount(trx: Knex, bot: Omit<NewBot, 'owner_id'>): Promise<AccountRow | undefined> {
  const { rows } = await trx.raw<{ rows: RawAccount[] }>(
    `insert into accounts (user_id, kind, username, username_key, display_name, created_at, updated_at)
     select :user_id, 'bot', :username, :username_key, :display_name, now, now
     from date_trunc('milliseconds', clock_timestamp()) now on conflict do nothing returning ${COLUMNS}`,
    { ...bot },
  );
  return rows[0] && toAccount(rows[0]);
}

/** @returns undefined when the username is taken. */
export async function insertBot(trx: Knex, { owner_id, ...bot }: NewBot): Promise<BotRow | undefined> {
  const account = await insertBotAccount(trx, bot);
  if (account === undefined) return undefined;
  await trx.raw('insert into bots (user_id, owner_id) values (?, ?)', [bot.user_id, owner_id]);
  return { ...account, owner_id };
}

/** Makes those who count an owner's bots and add one wait for each other. */
export const lockOwner = (trx: Knex, ownerId: string): Promise<void> =>
  trx.raw('select 1 from accounts where user_id = ? for no key update', [ownerId]);

export async function countBots(trx: Knex, ownerId: string): Promise<number> {
  const { rows } = await trx.raw<{ rows: [{ count: number }] }>(
    'select count(*)::int as count from bots where owner_id = ?',
    [ownerId],
  );
  return rows[0].count;
}

export async function findBot(db: Knex, id: string): Promise<BotRow | undefined> {
  const { rows } = await db.raw<{ rows: RawBot[] }>(`${OF_BOTS} user_id = ?`, [id]);
  return rows[0] && toBot(rows[0]);
}

/** Locks its account until the transaction ends. */
export async function lockBot(trx: Knex, id: string): Promise<BotRow | undefined> {
  const { rows } = await trx.raw<{ rows: RawBot[] }>(`${OF_BOTS} user_id = ? for no key update of accounts`, [id]);
  return rows[0] && toBot(rows[0]);
}

/**
 * Newest first. Returns one more than `limit` when there are more.
 * @param of all, or those of an owner; `ownerId` null: those without one.
 */
export async function listBots(
  db: Knex,
  of: { all: boolean; ownerId: string | null },
  { limit, skip, cursor }: IdPaging,
): Promise<BotRow[]> {
  const { rows } = await db.raw<{ rows: RawBot[] }>(
    `${OF_BOTS} (:all or owner_id is not distinct from cast(:ownerId as text))
       and (cast(:before as text) is null or user_id < :before)
     order by user_id desc limit :limit offset :skip`,
    { ...of, before: cursor?.[0] ?? null, limit: limit + 1, skip },
  );
  return rows.map(toBot);
}
