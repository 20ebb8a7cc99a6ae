// Creates and changes an application's users, one or a thousand at once: by one way. Two calls that
// bring the same user make one account.
import { AppError, Reply } from '@chatapi/kit';
import type { Context } from '../context.ts';
import { type AppUserView, userWith } from '../user-view.ts';
import type { Acting, AppCall } from './audit.ts';
import { type AppUser, type AppUserFields, type Plan, planUsers } from './plan.ts';
import { tellProfileChanges } from './profile-changes.ts';
import { type Outcomes, Raced, type Saved, saveUsers } from './save.ts';
import { type ItemResult, readItem } from './shapes.ts';

const ATTEMPTS = 5;
/** Deadlock, serialization failure, unique violation. */
const RETRIED: unknown[] = ['40P01', '40001', '23505'];

/** @throws the last error. */
export async function withRetries<T>(work: () => Promise<T>, attempt = 1): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isRace = error instanceof Raced || RETRIED.includes((error as { code?: unknown }).code);
    if (!isRace || attempt === ATTEMPTS) throw error;
  }
  return await withRetries(work, attempt + 1);
}

type Result = { status: Saved['status']; user: AppUserView } | AppError;

const isFine = <T>(one: T | AppError): one is T => !(one instanceof AppError);

/** @param users with different external ids. */
async function upsert(ctx: Context, call: Acting, users: AppUser[]): Promise<Map<string, Result>> {
  const { request_id } = call;
  const plans = await planUsers(ctx, users, request_id);
  const possible = plans.filter(isFine);
  const { outcomes, changed } = await withRetries(() => ctx.db.transaction((trx) => saveUsers(trx, call, possible)));
  ctx.facts.nudge();
  const told = await tellProfileChanges(ctx, changed, request_id);
  const results = new Map<string, Result>();
  for (const [i, { external_id }] of users.entries()) {
    const plan = plans[i] as Plan | AppError;
    const outcome = isFine(plan) ? ((outcomes as Outcomes).get(external_id) as Saved | AppError) : plan;
    if (!isFine(outcome)) results.set(external_id, outcome);
    else {
      const { account, status } = outcome;
      const profile = told.get(account.user_id) ?? (plan as Plan).profile;
      results.set(external_id, { status, user: userWith(account, profile) as AppUserView });
    }
  }
  return results;
}

type Fine = Exclude<Result, AppError>;

export async function upsertUser(ctx: Context, call: Acting, user: AppUser): Promise<Fine> {
  const result = (await upsert(ctx, call, [user])).get(user.external_id) as Result;
  if (result instanceof AppError) throw result;
  return result;
}

export async function putUser(
  ctx: Context,
  call: AppCall<{ external_id: string }, unknown, AppUserFields>,
): Promise<Reply<AppUserView>> {
  const { status, user } = await upsertUser(ctx, call, { ...call.body, external_id: call.params.external_id });
  return new Reply(status === 'created' ? 201 : 200, user);
}

const MAX_SHOWN = 200;

function sentId(item: unknown): string | null {
  const { external_id } = (item ?? {}) as { external_id?: unknown };
  return typeof external_id === 'string' ? external_id.slice(0, MAX_SHOWN).toWellFormed() : null;
}

const twice = (): AppError =>
  new AppError('CONFLICT', 'This external_id stands twice in the batch: the first counts', {
    details: { reason: 'duplicate' },
  });

function resultOf(external_id: string | null, result: Result): ItemResult {
  if (!(result instanceof AppError)) return { external_id, ...result };
  const { code, message, details } = result;
  return { external_id, status: 'failed', error: { code, message, details } };
}

/** In the order of the items. A bad one fails alone. */
export async function putUsers(
  ctx: Context,
  call: AppCall<unknown, unknown, { users: unknown[] }>,
): Promise<{ results: ItemResult[] }> {
  const seen = new Set<string>();
  const items = call.body.users.map((item) => {
    const user = readItem(item);
    if (user instanceof AppError) return user;
    if (seen.has(user.external_id)) return twice();
    seen.add(user.external_id);
    return user;
  });
  const results = await upsert(ctx, call, items.filter(isFine));
  return {
    results: items.map((item, i) =>
      item instanceof AppError
        ? resultOf(sentId(call.body.users[i]), item)
        : resultOf(item.external_id, results.get(item.external_id) as Result),
    ),
  };
}
