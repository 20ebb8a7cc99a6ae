// Owns: no act without a record. The intent is committed before the act, the outcome after it; what dies in between leaves
// an intent, which the sweep closes as `unknown`.
import type { Facts } from '@chatapi/bus';
import { AppError, type Call, type Caller, every, type Knex, newId, page, type Recurring } from '@chatapi/kit';
import {
  closeOpenIntents,
  type Entry,
  type EntryFilter,
  type Intent,
  insertIntent,
  insertOutcome,
  listEntries,
  type Outcome,
} from './audit-store.ts';
import type { Context } from './context.ts';

type Deps = Pick<Context, 'db' | 'log'>;

/** Who acts, from where. */
export type Acting = { caller: Pick<Caller, 'user_id'> } & Pick<Call, 'ip' | 'request_id'>;

export interface Act {
  action: string;
  target_id: string;
  details?: Record<string, unknown>;
}

/** Longer than any call inside may take, so that no act is judged while it is under way. */
const OPEN_MS = 30_000;
const SWEEP_MS = 10_000;

// A service that did not answer may have acted all the same; any other error says that nothing was done.
const outcomeOf = (error: unknown): Outcome =>
  error instanceof AppError && error.code !== 'SERVICE_UNAVAILABLE' && error.code !== 'INTERNAL_ERROR'
    ? 'refused'
    : 'unknown';

const intentOf = ({ caller, ip, request_id }: Acting, { action, target_id, details = {} }: Act): Intent => ({
  id: newId('aud'),
  action,
  target_id,
  details,
  actor_id: caller.user_id,
  ip,
  request_id,
});

/** For an act that is a change of this database: its record is written in the same transaction. */
export async function recordIn(trx: Knex, call: Acting, what: Act): Promise<void> {
  const intent = intentOf(call, what);
  await insertIntent(trx, intent);
  await insertOutcome(trx, intent.id, 'done', null);
}

/** An act that another service did and told of in the act's own transaction. */
export async function recordHeard(trx: Knex, { audit_id, at, ...act }: Facts['staff.acted']): Promise<void> {
  await insertIntent(trx, { id: audit_id, ...act, created_at: at });
  await insertOutcome(trx, audit_id, 'done', null);
}

/** Runs `act` on record. @throws what `act` throws; SERVICE_UNAVAILABLE, without acting, when the record can't be written. */
export async function onRecord<T>({ db, log }: Deps, call: Acting, what: Act, act: () => Promise<T>): Promise<T> {
  const intent = intentOf(call, what);
  const { id } = intent;
  await insertIntent(db, intent);
  // An outcome that can't be written is no reason to deny an act that happened: the sweep closes it.
  const close = (outcome: Outcome, error: string | null): Promise<void> =>
    insertOutcome(db, id, outcome, error).catch((err: Error) =>
      log.warn({ err: err.message, audit_id: id, outcome }, 'outcome not written'),
    );
  try {
    const result = await act();
    await close('done', null);
    return result;
  } catch (error) {
    await close(outcomeOf(error), error instanceof AppError ? error.code : 'INTERNAL_ERROR');
    throw error;
  }
}

/** What the scanner did stands beside what admins did. */
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
  { db }: Deps,
  filter: EntryFilter,
): Promise<{ entries: Entry[]; has_more: boolean }> {
  return page('entries', await listEntries(db, { ...filter, limit: filter.limit + 1 }), filter.limit);
}

export const startAuditSweep = ({ db, log }: Deps): Recurring =>
  every(
    SWEEP_MS,
    async () => {
      const closed = await closeOpenIntents(db, OPEN_MS);
      if (closed > 0) log.warn({ closed }, 'audit entries without an outcome');
    },
    (err) => log.debug({ err: err.message }, 'closing audit entries'),
  );
