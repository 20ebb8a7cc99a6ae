// Creation and reading of accounts. Profiles belong to the user service: auth knows only the
// display name given at registration.
import { type Account, recordFact } from '@chatapi/bus';
import { AppError, fold, newId, notFound, type PageInfo, page } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import { type AccountFilter, listAccounts } from './account-list-store.ts';
import { type AccountRow, accountById, accountRows, insertAccount, takenNames } from './account-store.ts';
import { isNameBlocked } from './blocked-name-store.ts';
import type { Context } from './context.ts';
import { nameKey, unknownNameKey } from './name-key.ts';

/** An account as other services see it, without the password hash. */
export type AccountView = Account & {
  display_name: string;
  ban_reason: string | null;
  banned_until: string | null;
  last_seen_at: string | null;
};

export interface NewUser {
  username: string;
  email: string;
  display_name?: string;
}

export const accountFact = ({
  user_id,
  username,
  email,
  email_verified,
  role,
  status,
  kind,
  external_id,
  created_at,
  updated_at,
}: AccountRow): Account => ({
  user_id,
  username,
  email,
  email_verified,
  role,
  status,
  kind,
  external_id,
  created_at,
  updated_at,
});

/** Tells other services what the account is now. */
export const recordAccount = (trx: Knex, account: AccountRow): Promise<void> =>
  recordFact(trx, 'account.updated', accountFact(account));

export const accountView = (account: AccountRow): AccountView => ({
  ...accountFact(account),
  display_name: account.display_name,
  ban_reason: account.ban_reason,
  banned_until: account.banned_until,
  last_seen_at: account.seen_at,
});

export interface TakenField {
  path: 'username' | 'email';
  message: string;
}

const USERNAME_TAKEN: TakenField = { path: 'username', message: 'this username is taken' };

export async function takenFields(db: Knex, { username, email }: NewUser): Promise<TakenField[]> {
  const key = nameKey(username);
  const taken = await takenNames(db, key, nameKey(email));
  taken.username ||= await isNameBlocked(db, unknownNameKey(key));
  return (['username', 'email'] as const)
    .filter((path) => taken[path])
    .map((path) => ({ path, message: `this ${path} is taken` }));
}

export const conflict = (fields: TakenField[]): AppError =>
  new AppError('CONFLICT', fields.map(({ message }) => message).join(', '), { details: { fields } });

/**
 * Inserts the account and records `account.created`.
 * @returns undefined when a concurrent registration took the username or email.
 */
export async function createAccount(
  trx: Knex,
  input: NewUser,
  passwordHash: string,
  { role, email_verified = false }: { role: Role; email_verified?: boolean },
): Promise<AccountRow | undefined> {
  const { username, email } = input;
  const username_key = nameKey(username);
  const account = await insertAccount(trx, {
    user_id: newId('usr'),
    username,
    username_key,
    email,
    email_key: nameKey(email),
    password_hash: passwordHash,
    display_name: input.display_name || username,
    role,
    email_verified,
  });
  // After the insert: it waits for an erasure of the same name, which blocks it.
  if (account !== undefined && (await isNameBlocked(trx, unknownNameKey(username_key))))
    throw conflict([USERNAME_TAKEN]);
  if (account !== undefined)
    await recordFact(trx, 'account.created', { ...accountFact(account), display_name: account.display_name });
  return account;
}

export async function getAccount(ctx: Pick<Context, 'db'>, userId: string): Promise<AccountView> {
  const account = await accountById(ctx.db, userId);
  if (account === undefined) throw notFound('User');
  return accountView(account);
}

/** Unknown ids are left out. */
export async function accountsById(ctx: Pick<Context, 'db'>, ids: string[]): Promise<{ accounts: AccountView[] }> {
  return { accounts: (await accountRows(ctx.db, ids)).map(accountView) };
}

export async function findAccounts(
  ctx: Pick<Context, 'db'>,
  filter: AccountFilter,
): Promise<{ accounts: AccountView[]; total: number } & PageInfo> {
  const { accounts, total } = await listAccounts(ctx.db, {
    ...filter,
    search: fold(filter.search),
    email_search: nameKey(filter.search),
    exact: filter.search,
    limit: filter.limit + 1,
  });
  const found = page('accounts', accounts, filter.limit, ({ key }) => key);
  return { ...found, accounts: found.accounts.map(accountView), total };
}
