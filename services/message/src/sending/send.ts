// The one way in which messages are added to rooms, for REST and for realtime nodes. A send is
// acknowledged after its commit. A client_id makes one message per room and sender, on any
// instance.
import { AppError, toAppError } from '@chatapi/kit';
import type { Context } from '../context.ts';
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

/**
 * @param bodyOf returns the validated body of a send, or throws what is wrong with it.
 * @returns one result or error per send, in their order. Good ones enter the batches in that order.
 */
export async function sendMessages<T extends { sender: Sender }>(
  ctx: Context,
  sends: T[],
  bodyOf: (send: T) => SendBody,
): Promise<(SendResult | AppError)[]> {
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
