// Owns: making and showing accounts. Does not own: profiles (user does; what is known here is only the name at registration).
import { type Account, tellFact } from '@chatapi/bus';
import { AppError, type Knex, newId, notFound, type Role } from '@chatapi/kit';
import {
  type AccountFilter,
  type AccountRow,
  accountById,
  insertAccount,
  listAccounts,
  takenNames,
} from './account-store.ts';
import type { Context } from './context.ts';
import { nameKey } from './names.ts';

/** What other services see of an account: no hash. */
export type ShownAccount = Account & { display_name: string; ban_reason: string | null; banned_until: string | null };

export interface Newcomer {
  username: string;
  email: string;
  display_name?: string;
}

export const accountFact = ({
  user_id,
  username,
  email,
  role,
  status,
  created_at,
  updated_at,
}: AccountRow): Account => ({
  user_id,
  username,
  email,
  role,
  status,
  created_at,
  updated_at,
});

export const shown = (account: AccountRow): ShownAccount => ({
  ...accountFact(account),
  display_name: account.display_name,
  ban_reason: account.ban_reason,
  banned_until: account.banned_until,
});

export interface TakenField {
  path: 'username' | 'email';
  message: string;
}

export async function takenFields(db: Knex, { username, email }: Newcomer): Promise<TakenField[]> {
  const taken = await takenNames(db, nameKey(username), nameKey(email));
  return (['username', 'email'] as const)
    .filter((path) => taken[path])
    .map((path) => ({ path, message: `this ${path} is taken` }));
}

export const conflict = (fields: TakenField[]): AppError =>
  new AppError('CONFLICT', fields.map(({ message }) => message).join(', '), { details: { fields } });

/** Inserts and tells. undefined when somebody else took a name in this very moment. */
export async function createAccount(
  trx: Knex,
  who: Newcomer,
  passwordHash: string,
  role: Role,
): Promise<AccountRow | undefined> {
  const { username, email } = who;
  const account = await insertAccount(trx, {
    user_id: newId('usr'),
    username,
    username_key: nameKey(username),
    email,
    email_key: nameKey(email),
    password_hash: passwordHash,
    display_name: who.display_name || username,
    role,
  });
  if (account !== undefined)
    await tellFact(trx, 'account.created', { ...accountFact(account), display_name: account.display_name });
  return account;
}

export async function getAccount(ctx: Pick<Context, 'db'>, userId: string): Promise<ShownAccount> {
  const account = await accountById(ctx.db, userId);
  if (account === undefined) throw notFound('User');
  return shown(account);
}

export async function findAccounts(
  ctx: Pick<Context, 'db'>,
  filter: AccountFilter,
): Promise<{ accounts: ShownAccount[]; total: number }> {
  const { accounts, total } = await listAccounts(ctx.db, { ...filter, search: nameKey(filter.search) });
  return { accounts: accounts.map(shown), total };
}
