// A batch of drafts becomes messages: resolve, insert, publish, and again for what must be retried.
import type { Publication } from '@chatapi/bus';
import { newId, toAppError, unavailable } from '@chatapi/kit';
import type { PoolClient } from '@chatapi/kit/data';
import type { Context } from '../context.ts';
import { noteKeys } from '../log/application-key-senders-store.ts';
import { recordsOf } from '../log/publisher.ts';
import { isRetried } from '../log/room-change.ts';
import { insertBatch, type RowOutcome } from './insert-store.ts';
import { newlySent, type PendingRow, previouslySent, type Resolved, type SendResult, toRow } from './message-row.ts';
import { type Outcome, RETRY } from './outcome.ts';
import { resolveDrafts } from './resolve-drafts.ts';
import type { Draft } from './send-body.ts';
import { underSlowMode } from './slow-mode.ts';
import { inTransaction } from './transaction.ts';

export type SendOutcome = Outcome<SendResult>;

/**
 * Each round meets a room that changed since it was looked up. The deadline usually comes first.
 */
const MAX_ROUNDS = 50;

interface Item {
  draft: Draft;
  resolved: Resolved;
}

interface Inserted {
  outcomes: SendOutcome[];
  /** Call it after the commit. */
  publish(): void;
}

function outcomeOf(ctx: Context, draft: Draft, pending: PendingRow, written: RowOutcome): SendOutcome {
  if (written.kind === 'inserted') return { kind: 'sent', result: newlySent(draft, pending, written) };
  if (written.kind === 'repeat') return previouslySent(draft, written.first);
  ctx.access.forget(draft.room_id);
  return RETRY;
}

const isNew = (outcome: SendOutcome | undefined): outcome is { kind: 'sent'; result: SendResult } =>
  outcome?.kind === 'sent' && !outcome.result.repeated;

/** The event of a new message, for all nodes but the one that gets it with the response. */
function publicationsOf({ draft: { room_id, sender } }: Item, outcome: SendOutcome | undefined): Publication[] {
  if (!isNew(outcome)) return [];
  const { seq, frame } = outcome.result;
  const events = recordsOf(room_id, [{ seq, sender: sender.user_id, frame }], sender.origin);
  return events.map((event): Publication => ({ ...event, excludeNode: sender.node }));
}

const isKeyed = ({ draft: { sender } }: Item): boolean => sender.key_id !== undefined;

const sentByKeys = (items: Item[], outcomes: SendOutcome[]): { room_id: string; seq: number; key_id: string }[] =>
  items.flatMap(({ draft: { room_id, sender } }, i) => {
    const outcome = outcomes[i];
    return sender.key_id === undefined || !isNew(outcome)
      ? []
      : [{ room_id, seq: outcome.result.seq, key_id: sender.key_id }];
  });

/** Inserts in one statement; messages that keys send need a second one, so a transaction. */
async function insert(ctx: Context, client: PoolClient, items: Item[], at: Date): Promise<Inserted> {
  const pending = items.map(({ draft, resolved }) => toRow(draft, at.toISOString(), resolved));
  const rows = pending.map(({ row }) => row);
  const pendingId = newId('evt');
  const written = await insertBatch(client, rows, at, pendingId);
  const outcomes = items.map(({ draft }, i) =>
    outcomeOf(ctx, draft, pending[i] as PendingRow, written[i] as RowOutcome),
  );
  const keyed = sentByKeys(items, outcomes);
  if (keyed.length > 0) await noteKeys(client, keyed);
  const publish = (): void => {
    const publications = items.flatMap((item, i) => publicationsOf(item, outcomes[i]));
    if (publications.length === 0) return;
    ctx.messageMetrics.messages.inc(publications.length);
    ctx.publisher.push(pendingId, publications);
  };
  return { outcomes, publish };
}

async function insertFast(ctx: Context, client: PoolClient, items: Item[]): Promise<SendOutcome[]> {
  const write = (): Promise<Inserted> => insert(ctx, client, items, new Date());
  const { outcomes, publish } = await (items.some(isKeyed) ? inTransaction(client, write) : write());
  publish();
  return outcomes;
}

/** In a transaction of its own, so that all other sends need only one statement. */
async function insertSlow(ctx: Context, client: PoolClient, items: Item[]): Promise<SendOutcome[]> {
  const drafts = items.map(({ draft }) => draft);
  const { outcomes, publish } = await underSlowMode(client, drafts, async ({ at, refused }) => {
    const allowed = items.filter(({ draft }) => !refused.has(draft));
    const inserted: Inserted =
      allowed.length === 0 ? { outcomes: [], publish: () => undefined } : await insert(ctx, client, allowed, at);
    const ofAllowed = inserted.outcomes.values();
    const outcomes = drafts.map((draft): SendOutcome => {
      const error = refused.get(draft);
      return error === undefined ? (ofAllowed.next().value as SendOutcome) : { kind: 'refused', error };
    });
    const made = drafts.filter((_, i) => isNew(outcomes[i]));
    return { made, result: { outcomes, publish: inserted.publish } };
  });
  publish();
  return outcomes;
}

const isUnavailable = (error: unknown): boolean => toAppError(error).code === 'SERVICE_UNAVAILABLE';

/**
 * Runs `work`, of which nothing is committed when it throws. If PostgreSQL refuses it, the items
 * are retried where that can help. Otherwise they are written one by one, so that one bad row fails
 * alone.
 * @throws when PostgreSQL is away.
 */
async function isolateFailures<T>(
  ctx: Context,
  items: T[],
  roomOf: (item: T) => string,
  work: (items: T[]) => Promise<SendOutcome[]>,
): Promise<SendOutcome[]> {
  try {
    return await work(items);
  } catch (error) {
    for (const item of items) ctx.access.forget(roomOf(item));
    if (await isRetried(ctx, error)) return items.map(() => RETRY);
    if (isUnavailable(error)) throw error;
    if (items.length === 1) return [{ kind: 'refused', error: toAppError(error) }];
    const outcomes: SendOutcome[] = [];
    for (const item of items) outcomes.push(...(await isolateFailures(ctx, [item], roomOf, work)));
    return outcomes;
  }
}

async function writeResolved(ctx: Context, client: PoolClient, drafts: Draft[]): Promise<SendOutcome[]> {
  const resolutions = await resolveDrafts(ctx, client, drafts);
  const fast: Item[] = [];
  const slow: Item[] = [];
  resolutions.forEach((resolution, i) => {
    if (resolution.kind !== 'ready') return;
    const { resolved } = resolution;
    (resolved.slow ? slow : fast).push({ draft: drafts[i] as Draft, resolved });
  });
  const ofFast = (fast.length === 0 ? [] : await insertFast(ctx, client, fast)).values();
  // The fast ones are committed: a failure of the slow ones must not reach them.
  const write = (items: Item[]): Promise<SendOutcome[]> => insertSlow(ctx, client, items);
  const ofSlow = (
    slow.length === 0 ? [] : await isolateFailures(ctx, slow, ({ draft }) => draft.room_id, write)
  ).values();
  return resolutions.map((resolution) => {
    if (resolution.kind !== 'ready') return resolution;
    return (resolution.resolved.slow ? ofSlow : ofFast).next().value as SendOutcome;
  });
}

/** One outcome per draft, none of them `retry`. */
async function writeAll(
  ctx: Context,
  client: PoolClient,
  drafts: Draft[],
  rounds = MAX_ROUNDS,
): Promise<SendOutcome[]> {
  if (rounds === 0) return drafts.map(() => ({ kind: 'refused', error: unavailable('The room') }));
  const write = (some: Draft[]): Promise<SendOutcome[]> => writeResolved(ctx, client, some);
  const outcomes = await isolateFailures(ctx, drafts, ({ room_id }) => room_id, write);
  const retried = drafts.filter((_, i) => outcomes[i]?.kind === 'retry');
  if (retried.length === 0) return outcomes;
  const later = (await writeAll(ctx, client, retried, rounds - 1)).values();
  return outcomes.map((outcome) => (outcome.kind === 'retry' ? (later.next().value as SendOutcome) : outcome));
}

const keyOf = (draft: Draft): string => JSON.stringify([draft.room_id, draft.sender.user_id, draft.fields.client_id]);

/** Without repeats of a draft in the same batch, which can be recognized only after its commit. */
function firstsOf(drafts: Draft[]): Draft[] {
  const seen = new Set<string>();
  return drafts.filter(
    (draft) => draft.fields.client_id === null || (!seen.has(keyOf(draft)) && seen.add(keyOf(draft))),
  );
}

/** One outcome per draft; `retry` only for repeats within the batch. */
export async function writeBatch(ctx: Context, client: PoolClient, drafts: Draft[]): Promise<SendOutcome[]> {
  const firsts = firstsOf(drafts);
  const outcomes = await writeAll(ctx, client, firsts);
  if (firsts.length === drafts.length) return outcomes;
  const byDraft = new Map(firsts.map((draft, i) => [draft, outcomes[i]]));
  return drafts.map((draft) => byDraft.get(draft) ?? RETRY);
}
