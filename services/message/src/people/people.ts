// Accounts and profiles, from facts. Accounts whose fact has not arrived are fetched from auth.

import type { Account } from '@chatapi/bus';
import { notFound } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import type { Context } from '../context.ts';
import { findPeople, type Person, saveAccounts, saveProfile } from './people-store.ts';

export async function applyAccount(trx: Knex, account: Account & { display_name?: string }): Promise<void> {
  await saveAccounts(trx, [account]);
}

async function fetchAccounts(ctx: Context, ids: string[]): Promise<Person[]> {
  const { accounts } = await ctx.auth.call<{ accounts: (Account & { display_name: string })[] }>(
    'POST',
    '/internal/accounts/by-ids',
    { body: { ids } },
  );
  if (accounts.length > 0) await saveAccounts(ctx.db, accounts);
  return accounts.map(({ user_id, username, display_name }) => ({ user_id, username, display_name }));
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

/** @throws Error when the account's fact has not arrived yet: the queue retries this one. */
export async function applyProfile(
  trx: Knex,
  profile: { user_id: string; display_name: string; updated_at: string },
): Promise<void> {
  if (!(await saveProfile(trx, profile))) throw new Error('the account of this profile is not known yet');
}
