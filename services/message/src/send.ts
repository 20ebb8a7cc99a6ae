// Owns: the one rule by which messages come into rooms, whichever way they came. Acknowledged means committed.
// Guarantee: a client_id makes one message per room and sender, on any instance; a bad message fails alone.

import { AppError, newId, type PoolClient, toAppError, unavailable } from '@chatapi/kit';
import { snapshotFiles } from './attachments.ts';
import { type Batcher, openBatcher } from './batcher.ts';
import { isRetried } from './change.ts';
import type { Context } from './context.ts';
import { recordsOf } from './publisher.ts';
import { type Draft, draftOf, type SendBody, type Sender } from './send-body.ts';
import { type Resolved, resolveDrafts } from './send-resolve.ts';
import { insertBatch } from './send-store.ts';
import { type Sent, sentBefore, sentNew, write } from './sent.ts';
import { inTurns } from './slow-mode.ts';

export type SendBatcher = Batcher<Draft, Sent>;
type Outcome = Sent | Error | undefined;

const CAP = 500;
/** Below the 3 s in which a caller must hear that PostgreSQL is away. */
const DEADLINE_MS = 2500;
/** Each round meets a room that changed in mid-look; the deadline ends it long before, unless rounds are very quick. */
const ROUNDS = 50;

interface Item {
  draft: Draft;
  found: Resolved;
}

type Publish = () => void;

/** One statement. Leaves `undefined` where a room had changed since it was looked up. @returns what is published after the commit. */
async function insert(
  ctx: Context,
  client: PoolClient,
  items: Item[],
  at: Date,
  outcomes: Map<Draft, Outcome>,
): Promise<{ made: Draft[]; publish: Publish }> {
  const good = items.map(({ draft, found }) => ({ draft, written: write(draft, at.toISOString(), found) }));
  const rows = good.map(({ written }) => written.row);
  const pendingId = newId('evt');
  const done = await insertBatch(client, rows, at, pendingId);
  const made: Draft[] = [];
  const records = good.flatMap(({ draft, written }, i) => {
    const outcome = done[i];
    if (typeof outcome !== 'number') {
      if (outcome === undefined) ctx.access.forget(draft.room_id);
      else outcomes.set(draft, sentBefore(draft, outcome));
      return [];
    }
    const sent = sentNew(draft, written, outcome);
    outcomes.set(draft, sent);
    made.push(draft);
    const { user_id: sender, origin, node } = draft.sender;
    const records = recordsOf(draft.room_id, [{ seq: sent.seq, sender, frame: sent.frame }], origin);
    return records.map((record) => ({ ...record, told: node }));
  });
  const publish = (): void => {
    ctx.counted.messages.inc(records.length);
    ctx.publisher.push(pendingId, records);
  };
  return { made, publish: records.length > 0 ? publish : () => undefined };
}

/** Those whom slow mode holds back: a transaction of their own, so that everybody else's stays one statement. */
async function insertSlow(
  ctx: Context,
  client: PoolClient,
  items: Item[],
  outcomes: Map<Draft, Outcome>,
): Promise<void> {
  const drafts = items.map(({ draft }) => draft);
  try {
    const publish = await inTurns(client, drafts, async ({ at, allowed, refused }) => {
      for (const [draft, error] of refused) outcomes.set(draft, error);
      const good = items.filter(({ draft }) => allowed.has(draft));
      if (good.length === 0) return { made: [], result: () => undefined };
      const { made, publish: result } = await insert(ctx, client, good, at, outcomes);
      return { made, result };
    });
    publish();
  } catch (error) {
    // Nothing of it was committed.
    for (const draft of drafts) outcomes.delete(draft);
    throw error;
  }
}

async function writeBatch(
  ctx: Context,
  client: PoolClient,
  drafts: Draft[],
  outcomes: Map<Draft, Outcome>,
): Promise<void> {
  const resolved = await resolveDrafts(ctx, client, drafts);
  const quick: Item[] = [];
  const slow: Item[] = [];
  drafts.forEach((draft, i) => {
    const found = resolved[i];
    if (found instanceof AppError || found === undefined) outcomes.set(draft, found);
    else (found.slow ? slow : quick).push({ draft, found });
  });
  if (quick.length > 0) (await insert(ctx, client, quick, new Date(), outcomes)).publish();
  if (slow.length > 0) await insertSlow(ctx, client, slow, outcomes);
}

const keyOf = (draft: Draft): string => JSON.stringify([draft.room_id, draft.sender.user_id, draft.client_id]);

/** Repeats within one batch wait for the next: then the first is in the database, where a repeat is recognised. */
function firsts(drafts: Draft[]): Draft[] {
  const seen = new Set<string>();
  return drafts.filter((draft) => draft.client_id === null || (!seen.has(keyOf(draft)) && seen.add(keyOf(draft))));
}

const isAway = (error: unknown): boolean => toAppError(error).code === 'SERVICE_UNAVAILABLE';

/** Retries races until the batch stands; a batch that PostgreSQL refuses for another reason is taken apart, so that one bad row fails alone. */
async function writeAll(
  ctx: Context,
  client: PoolClient,
  drafts: Draft[],
  outcomes: Map<Draft, Outcome>,
): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const left = drafts.filter((draft) => outcomes.get(draft) === undefined);
    if (left.length === 0) return;
    try {
      await writeBatch(ctx, client, left, outcomes);
    } catch (error) {
      for (const draft of left) ctx.access.forget(draft.room_id);
      if (await isRetried(ctx, error)) continue;
      if (isAway(error)) throw error;
      if (left.length === 1) outcomes.set(left[0] as Draft, toAppError(error));
      else for (const draft of left) await writeAll(ctx, client, [draft], outcomes);
    }
  }
  for (const draft of drafts) if (outcomes.get(draft) === undefined) outcomes.set(draft, unavailable('The room'));
}

async function commit(ctx: Context, drafts: Draft[], signal: AbortSignal): Promise<Outcome[]> {
  const client = await ctx.sending.connect();
  let broken = false;
  const drop = (): void => client.release(true);
  if (signal.aborted) {
    drop();
    throw signal.reason;
  }
  signal.addEventListener('abort', drop, { once: true });
  const outcomes = new Map<Draft, Outcome>();
  try {
    await writeAll(ctx, client, firsts(drafts), outcomes);
    return drafts.map((draft) => outcomes.get(draft));
  } catch (error) {
    broken = true;
    throw error;
  } finally {
    signal.removeEventListener('abort', drop);
    if (!signal.aborted) client.release(broken);
  }
}

export const openSends = (ctx: Context): SendBatcher =>
  openBatcher({
    cap: CAP,
    deadlineMs: DEADLINE_MS,
    commit: (drafts, signal) => commit(ctx, drafts, signal),
    // All requests are one caller: waiting for each of theirs, which come one by one, would only hold up the others.
    callerOf: ({ sender }) => sender.node,
    onBatch: ctx.counted.batch,
  });

/** @param bodyOf its body, or a throw of what is wrong with it. @returns every outcome in the order of `sends`; the good ones enter the batches in that order. */
export async function sendMessages<T extends { sender: Sender }>(
  ctx: Context,
  sends: T[],
  bodyOf: (send: T) => SendBody,
): Promise<(Sent | AppError)[]> {
  const drafts = sends.map((send) => {
    try {
      return draftOf(send.sender, bodyOf(send), ctx.words.judge);
    } catch (error) {
      return toAppError(error);
    }
  });
  const ready = await snapshotFiles(ctx, drafts);
  return await Promise.all(
    ready.map((draft) => (draft instanceof AppError ? draft : ctx.sends.add(draft).catch(toAppError))),
  );
}
