// The transaction that creates and changes an application's users: a few statements for all.
import { MAX_NEW_ACCOUNTS, type NewAccount, recordFacts } from '@chatapi/bus';
import type { AppError } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { AccountRow } from '../account-store.ts';
import { accountFact } from '../accounts.ts';
import {
  insertAppAccounts,
  lockByExternalId,
  type NamesChange,
  raiseProfileVersions,
  updateNames,
} from './app-user-store.ts';
import { type Act, type Acting, adminRefusal, recordActs } from './audit.ts';
import type { Plan } from './plan.ts';
import type { PendingChange, ProfileChange } from './profile-change-store.ts';
import { recordProfileChanges } from './profile-changes.ts';
import { Claims, namesChangeOf, newAccountOf } from './wanted-names.ts';

export interface Saved {
  status: 'created' | 'updated';
  account: AccountRow;
}
/** By external id. */
export type Outcomes = Map<string, Saved | AppError>;

/** Somebody else has just inserted one of them, or taken a name: the next try sees it. */
export class Raced extends Error {}

interface Known {
  plan: Plan;
  account: AccountRow;
}

/** A new account has the display name itself, and is told with its picture. */
const changeOfNew = ({ change: { display_name: _, ...rest } }: Plan): ProfileChange =>
  rest.avatar_url ? { ...rest, told_avatar_url: rest.avatar_url } : rest;
const isChange = (change: ProfileChange): boolean => Object.keys(change).length > 0;

async function create(
  trx: Knex,
  plans: Plan[],
  outcomes: Outcomes,
): Promise<{ acts: Act[]; pending: PendingChange[] }> {
  const byId = new Map(plans.map((plan) => [plan.user.external_id, plan]));
  const wanted = plans.map((plan) => newAccountOf(plan.user, isChange(changeOfNew(plan))));
  const created = await insertAppAccounts(trx, wanted);
  if (created.length < wanted.length) throw new Raced();
  // With the picture, though it is the user service that tells it: whoever shows people need not
  // change each of thousands once more.
  const factOf = (account: AccountRow): NewAccount => {
    const { avatar_url } = (byId.get(account.external_id as string) as Plan).change;
    return { ...accountFact(account), display_name: account.display_name, ...(avatar_url ? { avatar_url } : {}) };
  };
  const facts = created.map(factOf);
  const groups = Array.from({ length: Math.ceil(facts.length / MAX_NEW_ACCOUNTS) }, (_, i) =>
    facts.slice(i * MAX_NEW_ACCOUNTS, (i + 1) * MAX_NEW_ACCOUNTS),
  );
  await recordFacts(
    trx,
    'accounts.created',
    groups.map((accounts) => ({ accounts })),
  );
  const pending: PendingChange[] = [];
  for (const account of created) {
    const external_id = account.external_id as string;
    outcomes.set(external_id, { status: 'created', account });
    const change = changeOfNew(byId.get(external_id) as Plan);
    if (isChange(change)) pending.push({ user_id: account.user_id, version: 1, change });
  }
  return { acts: created.map(({ user_id }) => ({ action: 'user.create', target_id: user_id })), pending };
}

const fieldsOf = ({ plan: { change }, account }: Known, renamed: AccountRow | undefined): string[] => [
  ...(renamed === undefined || renamed.username === account.username ? [] : ['username']),
  ...(renamed === undefined || renamed.email === account.email ? [] : ['email']),
  ...Object.keys(change),
];

async function update(
  trx: Knex,
  known: Known[],
  outcomes: Outcomes,
): Promise<{ acts: Act[]; pending: PendingChange[] }> {
  const changes = known
    .map(({ plan, account }) => namesChangeOf(plan.user, account))
    .filter((change): change is NamesChange => change !== undefined);
  const renamed = new Map((await updateNames(trx, changes)).map((account) => [account.user_id, account]));
  await recordFacts(trx, 'account.updated', [...renamed.values()].map(accountFact));
  const changed = known.filter(({ plan }) => isChange(plan.change));
  const versions = await raiseProfileVersions(
    trx,
    changed.map(({ account }) => account.user_id),
  );
  const acts: Act[] = [];
  for (const one of known) {
    const { user_id } = one.account;
    const now = renamed.get(user_id);
    outcomes.set(one.plan.user.external_id, { status: 'updated', account: now ?? one.account });
    const fields = fieldsOf(one, now);
    if (fields.length > 0) acts.push({ action: 'user.update', target_id: user_id, details: { fields } });
  }
  const pending = changed.map(({ plan: { change }, account: { user_id } }) => ({
    user_id,
    version: versions.get(user_id) as number,
    change,
  }));
  return { acts, pending };
}

/**
 * @returns an outcome for each, and whose profiles change. @throws Raced or an error of the
 * database where a repeat may succeed.
 */
export async function saveUsers(
  trx: Knex,
  call: Acting,
  plans: Plan[],
): Promise<{ outcomes: Outcomes; changed: string[] }> {
  const accounts = new Map(
    (
      await lockByExternalId(
        trx,
        plans.map(({ user }) => user.external_id),
      )
    ).map((account) => [account.external_id, account]),
  );
  const outcomes: Outcomes = new Map();
  const allowed = plans.filter(({ user: { external_id } }) => {
    const isAdmin = accounts.get(external_id)?.role === 'admin';
    if (isAdmin) outcomes.set(external_id, adminRefusal());
    return !isAdmin;
  });
  const wishOf = ({ user }: Plan) => ({ user, account: accounts.get(user.external_id) });
  const claims = await Claims.of(trx, allowed.map(wishOf));
  const named = allowed.filter((plan) => {
    const refusal = claims.take(wishOf(plan));
    if (refusal !== undefined) outcomes.set(plan.user.external_id, refusal);
    return refusal === undefined;
  });
  const made = await create(
    trx,
    named.filter(({ user }) => !accounts.has(user.external_id)),
    outcomes,
  );
  const kept = await update(
    trx,
    named.flatMap((plan) => {
      const account = accounts.get(plan.user.external_id);
      return account === undefined ? [] : [{ plan, account }];
    }),
    outcomes,
  );
  const pending = [...made.pending, ...kept.pending];
  await recordProfileChanges(trx, pending);
  await recordActs(trx, call, [...made.acts, ...kept.acts]);
  return { outcomes, changed: pending.map(({ user_id }) => user_id) };
}
