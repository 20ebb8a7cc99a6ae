// The one way in which messages are added to rooms, for REST and for realtime nodes. A send is
// acknowledged after its commit. A client_id makes one message per room and sender, on any
// instance.
import { AppError, toAppError } from '@chatapi/kit';
import type { Context } from '../context.ts';
import { askHook, isAsked } from './ask-hook.ts';
import { snapshotFiles } from './attach-files.ts';
import type { SendResult } from './message-row.ts';
import { type Batcher, createBatcher } from './send-batcher.ts';
import { type Draft, draftOf, type SendBody, type Sender } from './send-body.ts';
import { type SendOutcome, writeBatch } from './write-batch.ts';

const MAX_BATCH = 500;
/** Less than the 3 s after which a client must have its error while PostgreSQL is away. */
const DEADLINE_MS = 2500;

/** @param signal ends the connection, and with it the statement that runs. */
async function commit(ctx: Context, drafts: Draft[], signal: AbortSignal): Promise<SendOutcome[]> {
  const client = await ctx.sending.connect();
  let broken = false;
  const drop = (): void => client.release(true);
  if (signal.aborted) {
    drop();
    throw signal.reason;
  }
  signal.addEventListener('abort', drop, { once: true });
  try {
    return await writeBatch(ctx, client, drafts);
  } catch (error) {
    broken = true;
    throw error;
  } finally {
    signal.removeEventListener('abort', drop);
    if (!signal.aborted) client.release(broken);
  }
}

export const openSends = (ctx: Context): Batcher<Draft, SendResult> =>
  createBatcher({
    maxItems: MAX_BATCH,
    deadlineMs: DEADLINE_MS,
    commit: (drafts, signal) => commit(ctx, drafts, signal),
    // Plain REST requests (node '') count as one caller: they come one by one, and to wait for each
    // of them would delay the others.
    callerOf: ({ sender }) => sender.node,
    onBatch: ctx.messageMetrics.batch,
    onFailure: ctx.messageMetrics.failed,
  });

const draftsOf = <T extends { sender: Sender }>(
  ctx: Context,
  sends: T[],
  bodyOf: (send: T) => SendBody,
): (Draft | AppError)[] =>
  sends.map((send) => {
    try {
      return draftOf(send.sender, bodyOf(send), ctx.words.judge);
    } catch (error) {
      return toAppError(error);
    }
  });

const addAll = async (ctx: Context, drafts: (Draft | AppError)[]): Promise<(SendResult | AppError)[]> =>
  await Promise.all(
    drafts.map((draft) => (draft instanceof AppError ? draft : ctx.sends.add(draft).catch(toAppError))),
  );

/**
 * @param bodyOf returns the validated body of a send, or throws what is wrong with it.
 * @returns one result or error per send, in their order. Good ones enter the batches in that order.
 */
export const sendMessages = async <T extends { sender: Sender }>(
  ctx: Context,
  sends: T[],
  bodyOf: (send: T) => SendBody,
): Promise<(SendResult | AppError)[]> =>
  await addAll(ctx, await askHook(ctx, await snapshotFiles(ctx, draftsOf(ctx, sends, bodyOf))));

/** Not taken: it must wait for a hook. The caller sends it again beside its other sends. */
export const ASIDE = { aside: true } as const;

/** The same for callers that can set sends aside, so that none waits for a hook. */
export async function sendWithoutHook<T extends { sender: Sender }>(
  ctx: Context,
  sends: T[],
  bodyOf: (send: T) => SendBody,
): Promise<(SendResult | AppError | typeof ASIDE)[]> {
  const drafts = draftsOf(ctx, sends, bodyOf);
  const aside = drafts.map((draft) => isAsked(ctx, draft));
  if (!aside.includes(true)) return await addAll(ctx, await snapshotFiles(ctx, drafts));
  const now = drafts.filter((_, i) => !aside[i]);
  const results = (await addAll(ctx, await snapshotFiles(ctx, now))).values();
  return aside.map((waits) => (waits ? ASIDE : (results.next().value as SendResult | AppError)));
}
