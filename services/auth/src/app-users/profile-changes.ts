// Profiles belong to the user service. What an application wants of them is written in the
// transaction of the account, told by a call after the commit, and told again until it is
// confirmed. Its number lets the user service apply it once.
import type { Knex } from '@chatapi/kit/data';
import { accountRows } from '../account-store.ts';
import { accountView } from '../accounts.ts';
import type { Context } from '../context.ts';
import type { Profile } from '../user-view.ts';
import {
  deleteChanges,
  type PendingChange,
  type ProfileChange,
  pendingChanges,
  putChanges,
  takeDueChanges,
} from './profile-change-store.ts';

/** The request tells it first. */
const FIRST_S = 5;
const AGAIN_S = 10;

const joined = (before: ProfileChange | undefined, { custom = [], ...change }: ProfileChange): ProfileChange => ({
  ...before,
  ...change,
  custom: [...(before?.custom ?? []), ...custom],
});

/** The accounts are locked. */
export async function recordProfileChanges(trx: Knex, changes: PendingChange[]): Promise<void> {
  if (changes.length === 0) return;
  const before = new Map(
    (
      await pendingChanges(
        trx,
        changes.map(({ user_id }) => user_id),
      )
    ).map(({ user_id, change }) => [user_id, change]),
  );
  await putChanges(
    trx,
    changes.map((one) => ({ ...one, change: joined(before.get(one.user_id), one.change) })),
    FIRST_S,
  );
}

/**
 * Tells the user service what it has not confirmed.
 * @returns the profiles of these users, those without a change left out.
 */
export async function tellProfileChanges(
  ctx: Pick<Context, 'db' | 'users'>,
  userIds: string[],
  request_id?: string,
): Promise<Map<string, Profile>> {
  const pending = userIds.length === 0 ? [] : await pendingChanges(ctx.db, userIds);
  if (pending.length === 0) return new Map();
  const byUser = new Map(pending.map((one) => [one.user_id, one]));
  // Without those that were erased meanwhile.
  const accounts = await accountRows(ctx.db, [...byUser.keys()]);
  const changes = accounts.map((account) => {
    const { version, change } = byUser.get(account.user_id) as PendingChange;
    return { account: accountView(account), version, change };
  });
  const call = { body: { changes }, ...(request_id === undefined ? {} : { request_id }) };
  const { profiles } = await ctx.users.call<{ profiles: Profile[] }>('POST', '/internal/profiles/changes', call);
  await deleteChanges(ctx.db, pending);
  return new Map(profiles.map((profile) => [profile.user_id, profile]));
}

const AT_ONCE = 500;

/** What a killed process or an outage left. Several instances may run it at once. */
export async function tellDueChanges(ctx: Pick<Context, 'db' | 'users'>): Promise<void> {
  await tellProfileChanges(ctx, await takeDueChanges(ctx.db, AT_ONCE, AGAIN_S));
}
