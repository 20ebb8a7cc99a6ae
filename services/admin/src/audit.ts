// Audit log: no action without an entry. The intent is committed before the action, the outcome
// after it. If the process dies in between, the sweep closes the intent as `unknown`.
import type { Facts } from '@chatapi/bus';
import {
  AppError,
  every,
  type KeyAct,
  newId,
  type PageInfo,
  page,
  type RecurringTask,
  type RequestContext,
  type SecuritySink,
  securityEvent,
} from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import {
  closeOpenIntents,
  type Entry,
  type EntryFilter,
  type Intent,
  insertDone,
  insertIntent,
  insertIntents,
  insertOutcome,
  listEntries,
  type Outcome,
} from './audit-store.ts';
import type { Context } from './context.ts';

type Deps = Pick<Context, 'db' | 'log' | 'metrics'>;

/** The caller of an action, with the IP address and the request id. */
export type Actor = { caller: Pick<Caller, 'user_id'> } & Pick<RequestContext, 'ip' | 'request_id'>;

export interface AuditedAction {
  action: string;
  target_id: string;
  details?: Record<string, unknown>;
}

/** Longer than any internal call, so that no action is closed while it runs. */
const MAX_PENDING_MS = 30_000;
const SWEEP_MS = 10_000;

// A service that did not answer may have acted. Any other error means that nothing was done.
const outcomeOf = (error: unknown): Outcome =>
  error instanceof AppError && error.code !== 'SERVICE_UNAVAILABLE' && error.code !== 'INTERNAL_ERROR'
    ? 'refused'
    : 'unknown';

const intentOf = ({ caller, ip, request_id }: Actor, { action, target_id, details = {} }: AuditedAction): Intent => ({
  id: newId('aud'),
  action,
  target_id,
  details,
  actor_id: caller.user_id,
  ip,
  request_id,
});

/** The same as an entry of the audit log, without its details, in the security log. */
function logAct(sink: SecuritySink, intent: Omit<Intent, 'id' | 'details'>, outcome: Outcome): void {
  const { action, actor_id, target_id, ip, request_id } = intent;
  securityEvent(sink, 'staff.acted', { actor_id, target_id, action, ip, request_id, outcome });
}

/** For changes of this database: writes the entry in the same transaction. */
export async function recordAudit(sink: SecuritySink, trx: Knex, call: Actor, what: AuditedAction): Promise<void> {
  const intent = intentOf(call, what);
  await insertIntent(trx, intent);
  await insertOutcome(trx, intent.id, 'done', null);
  logAct(sink, intent, 'done');
}

/** A report that a key makes as a person. */
export const recordKeyAct = (ctx: Deps, { key_id, user_id, method, path, ip, request_id }: KeyAct): Promise<void> =>
  ctx.db.transaction((trx) =>
    recordAudit(
      ctx,
      trx,
      { caller: { user_id: key_id }, ip, request_id },
      { action: 'key.act', target_id: user_id, details: { method, path } },
    ),
  );

/** Actions in another service, which recorded the facts in the transaction of each action. */
export async function recordStaffActions(sink: SecuritySink, trx: Knex, facts: Facts['staff.acted'][]): Promise<void> {
  const intents = facts.map(({ audit_id: id, at: _, ...act }) => ({ id, ...act }));
  await insertIntents(trx, intents);
  await insertDone(
    trx,
    intents.map(({ id }) => id),
  );
  for (const { id: _, details: __, ...act } of intents) logAct(sink, act, 'done');
}

/**
 * Runs `act` between its intent and its outcome.
 * @throws the error of `act`; the error of the database, without acting, if the intent fails.
 */
export async function withAudit<T>(ctx: Deps, call: Actor, what: AuditedAction, act: () => Promise<T>): Promise<T> {
  const intent = intentOf(call, what);
  const { id } = intent;
  await insertIntent(ctx.db, intent);
  // If the outcome can't be written, the action still happened: the sweep closes the entry.
  const close = async (outcome: Outcome, error: string | null): Promise<void> => {
    logAct(ctx, intent, outcome);
    await insertOutcome(ctx.db, id, outcome, error).catch((err: Error) =>
      ctx.log.warn({ err: err.message, audit_id: id, outcome }, 'audit outcome not written'),
    );
  };
  try {
    const result = await act();
    await close('done', null);
    return result;
  } catch (error) {
    await close(outcomeOf(error), error instanceof AppError ? error.code : 'INTERNAL_ERROR');
    throw error;
  }
}

/** Findings of the virus scanner are audited too. */
export async function recordInfection(
  trx: Knex,
  { file_id, user_id, signature }: { file_id: string; user_id: string; signature: string },
): Promise<void> {
  const id = newId('aud');
  const intent = {
    id,
    action: 'file.infected',
    actor_id: 'scanner',
    target_id: file_id,
    details: { user_id, signature },
  };
  await insertIntent(trx, { ...intent, ip: '', request_id: '' });
  await insertOutcome(trx, id, 'done', null);
}

export async function showAuditLog(
  { db }: Pick<Context, 'db'>,
  filter: EntryFilter,
): Promise<{ entries: Entry[] } & PageInfo> {
  const rows = await listEntries(db, { ...filter, limit: filter.limit + 1 });
  return page('entries', rows, filter.limit, ({ id }) => [id]);
}

export const startAuditSweep = ({ db, log }: Pick<Context, 'db' | 'log'>): RecurringTask =>
  every(
    SWEEP_MS,
    async () => {
      const closed = await closeOpenIntents(db, MAX_PENDING_MS);
      if (closed > 0) log.warn({ closed }, 'closed audit entries without an outcome');
    },
    (err) => log.debug({ err: err.message }, 'audit entries not closed; retried later'),
  );
