// Owns: what message knows of accounts: told by facts, asked from auth where a fact has not arrived yet.

import type { Account } from '@chatapi/bus';
import { AppError, type Knex, notFound } from '@chatapi/kit';
import type { Context } from './context.ts';
import { enterGeneral } from './general-store.ts';
import { findPeople, type Person, saveAccount, saveProfile } from './people-store.ts';

export async function heardAccount(trx: Knex, account: Account & { display_name?: string }): Promise<void> {
  await saveAccount(trx, account);
  await enterGeneral(trx, [account.user_id]);
}

async function ask(ctx: Context, user_id: string): Promise<Person | undefined> {
  try {
    const account = await ctx.auth.call<Account & { display_name: string }>(
      'GET',
      `/internal/accounts/${encodeURIComponent(user_id)}`,
    );
    await saveAccount(ctx.db, account);
    return { user_id, username: account.username, display_name: account.display_name };
  } catch (error) {
    if (error instanceof AppError && error.code === 'RESOURCE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Those of `ids` that exist. */
export async function peopleById(ctx: Context, ids: string[]): Promise<Map<string, Person>> {
  const known = new Map((await findPeople(ctx.db, ids)).map((person) => [person.user_id, person]));
  const asked = await Promise.all(ids.filter((id) => !known.has(id)).map((id) => ask(ctx, id)));
  for (const person of asked) if (person !== undefined) known.set(person.user_id, person);
  return known;
}

/** @throws AppError RESOURCE_NOT_FOUND when one of them is nobody. */
export async function requirePeople(ctx: Context, ids: string[]): Promise<Map<string, Person>> {
  const people = await peopleById(ctx, ids);
  if (ids.some((id) => !people.has(id))) throw notFound('User');
  return people;
}

/** @throws when the account's own fact has not come yet: the queue brings this one again. */
export async function heardProfile(
  trx: Knex,
  profile: { user_id: string; display_name: string; updated_at: string },
): Promise<void> {
  if (!(await saveProfile(trx, profile))) throw new Error('the account of this profile is not known yet');
}
