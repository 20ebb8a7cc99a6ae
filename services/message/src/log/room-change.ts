// Room changes except sends: lock the room, take seqs, append events, publish after the commit.
// Deadlocks, serialization failures, unique races and a missing partition are retried.
import { type FactName, type Facts, type PacketRecord, recordFact } from '@chatapi/bus';
import { newId } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { Context } from '../context.ts';
import { insertEvents, insertPending, takeSeqs } from './log-store.ts';
import { makePartitions } from './partitions.ts';
import { recordsOf } from './publisher.ts';

interface NewEvent {
  sender: string;
  /** The message whose text is in the frame. */
  message_id?: string;
  frame(seq: number): string;
}

export interface Change {
  trx: Knex.Transaction;
  /** Appends events and locks the room until the end of the transaction. @returns the last seq. */
  append(roomId: string, events: NewEvent[]): Promise<number>;
  /** Published after the commit, before the events: a node must subscribe to a room first. */
  notify(records: PacketRecord[]): void;
  recordFact<N extends FactName>(name: N, payload: Facts[N]): Promise<void>;
}

const ATTEMPTS = 5;
const DEADLOCK = '40P01';
const SERIALIZATION = '40001';
const UNIQUE = '23505';
/** Check violation. Without a constraint name: no partition for the row. */
const NO_PARTITION = '23514';

/** Whether a retry can succeed. Creates missing partitions. */
export async function isRetried(ctx: Context, error: unknown): Promise<boolean> {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  if (code === NO_PARTITION && constraint === undefined) {
    await makePartitions(ctx);
    return true;
  }
  return code === DEADLOCK || code === SERIALIZATION || code === UNIQUE;
}

async function runOnce<T>(ctx: Context, work: (change: Change) => Promise<T>): Promise<T> {
  const pending_id = newId('evt');
  const events: PacketRecord[] = [];
  const notices: PacketRecord[] = [];
  const spans: { room_id: string; first: number; last: number }[] = [];
  const result = await ctx.db.transaction(async (trx) => {
    const done = await work({
      trx,
      async append(roomId, list) {
        const last = await takeSeqs(trx, roomId, list.length);
        const first = last - list.length + 1;
        const logged = list.map((event, i) => ({
          seq: first + i,
          sender: event.sender,
          message_id: event.message_id ?? null,
          frame: event.frame(first + i),
        }));
        await insertEvents(trx, roomId, logged);
        events.push(...recordsOf(roomId, logged));
        spans.push({ room_id: roomId, first, last });
        return last;
      },
      notify: (records) => void notices.push(...records),
      recordFact: (name, payload) => recordFact(trx, name, payload),
    });
    if (spans.length + notices.length > 0) await insertPending(trx, pending_id, spans, notices);
    return done;
  });
  if (spans.length + notices.length > 0) ctx.publisher.push(pending_id, [...notices, ...events]);
  ctx.facts.nudge();
  return result;
}

/** Runs `work` in a transaction, one at a time per room and instance, and publishes its events. */
export async function change<T>(ctx: Context, roomId: string, work: (change: Change) => Promise<T>): Promise<T> {
  return await ctx.mutex(roomId, async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await runOnce(ctx, work);
      } catch (error) {
        if (attempt === ATTEMPTS || !(await isRetried(ctx, error))) throw error;
      }
    }
  });
}
