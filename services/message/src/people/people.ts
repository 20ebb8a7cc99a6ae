// Accounts and profiles, from facts. Accounts whose fact has not arrived are fetched from auth.

import type { Account } from '@chatapi/bus';
import { notFound } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import type { Context } from '../context.ts';
import {
  findPeople,
  type KnownAccount,
  type KnownAvatar,
  type KnownProfile,
  type Person,
  saveAccounts,
  saveAvatars,
  saveProfiles,
} from './people-store.ts';

/** The newest of each user. */
function newestOf<T extends { user_id: string; updated_at: string }>(all: T[]): T[] {
  const byId = new Map<string, T>();
  for (const one of all) if (one.updated_at >= (byId.get(one.user_id)?.updated_at ?? '')) byId.set(one.user_id, one);
  return [...byId.values()];
}

/** The newest, with what only the fact of a new account has. */
export function applyAccounts(trx: Knex, accounts: KnownAccount[]): Promise<void> {
  const newAccounts = new Map(
    accounts.filter(({ display_name }) => display_name !== undefined).map((one) => [one.user_id, one]),
  );
  return saveAccounts(
    trx,
    newestOf(accounts).map((account) => ({ ...newAccounts.get(account.user_id), ...account })),
  );
}

/** Asks auth for accounts and keeps them. Those who do not exist are left out. */
export async function fetchAccounts(
  ctx: Pick<Context, 'auth' | 'db'>,
  ids: string[],
  timeoutMs?: number,
): Promise<Person[]> {
  const { accounts } = await ctx.auth.call<{ accounts: (Account & { display_name: string })[] }>(
    'POST',
    '/internal/accounts/by-ids',
    { body: { ids }, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
  );
  if (accounts.length > 0) await saveAccounts(ctx.db, accounts);
  return accounts.map(({ user_id, username, display_name, kind = 'user' }) => ({
    user_id,
    username,
    display_name,
    kind,
  }));
}

/** Those of `ids`, 1,000 at most, that exist. Who is not known here is asked for in one call. */
export async function peopleById(ctx: Context, ids: string[]): Promise<Map<string, Person>> {
  const known = new Map((await findPeople(ctx.db, ids)).map((person) => [person.user_id, person]));
  const unknown = [...new Set(ids)].filter((id) => !known.has(id));
  if (unknown.length > 0) for (const person of await fetchAccounts(ctx, unknown)) known.set(person.user_id, person);
  return known;
}

/** The role in the installation, as auth knows it now. */
export async function installationRoleOf(ctx: Context, userId: string): Promise<Role> {
  const { accounts } = await ctx.auth.call<{ accounts: Account[] }>('POST', '/internal/accounts/by-ids', {
    body: { ids: [userId] },
  });
  return accounts[0]?.role ?? 'user';
}

/** @throws AppError RESOURCE_NOT_FOUND when one of them does not exist. */
export async function requirePeople(ctx: Context, ids: string[]): Promise<Map<string, Person>> {
  const people = await peopleById(ctx, ids);
  if (ids.some((id) => !people.has(id))) throw notFound('User');
  return people;
}

/** @throws Error when an account's fact has not arrived yet: the queue retries its fact alone. */
export async function applyProfiles(trx: Knex, profiles: KnownProfile[]): Promise<void> {
  const known = await saveProfiles(trx, newestOf(profiles));
  if (profiles.some(({ user_id }) => !known.has(user_id)))
    throw new Error('the account of this profile is not known yet');
}

/** @throws Error when an account's fact has not arrived yet. */
export async function applyAvatars(trx: Knex, avatars: KnownAvatar[]): Promise<void> {
  const known = await saveAvatars(trx, newestOf(avatars));
  if (avatars.some(({ user_id }) => !known.has(user_id)))
    throw new Error('the account of this avatar is not known yet');
}
