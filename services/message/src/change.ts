// Owns: how everything but a plain send changes a room: lock it, take the next seqs, log the frames, publish after the commit.
// Deadlocks, serialization failures and a missing partition are retried here; the caller never sees them.
import { type FactName, type Facts, type PacketRecord, tellFact } from '@chatapi/bus';
import { type Knex, newId } from '@chatapi/kit';
import type { Context } from './context.ts';
import { insertEvents, insertPending, takeSeqs } from './log-store.ts';
import { recordsOf } from './publisher.ts';
import { makePartitions } from './upkeep.ts';

export interface NewEvent {
  sender: string;
  /** The message whose text the frame bears. */
  message_id?: string;
  frame(seq: number): string;
}

export interface Change {
  trx: Knex.Transaction;
  /** Appends events to the room's log; @returns the seq of the last. Locks the room until the end of the transaction. */
  append(roomId: string, events: NewEvent[]): Promise<number>;
  /** Published after the commit, before the events: a node must want a room before it hears of it. */
  notify(records: PacketRecord[]): void;
  tell<N extends FactName>(name: N, payload: Facts[N]): Promise<void>;
}

const ATTEMPTS = 5;
const DEADLOCK = '40P01';
const SERIALIZATION = '40001';
const UNIQUE = '23505';
/** Also of a check constraint, which then names itself. */
const NO_PARTITION = '23514';

/** True when the same work, tried again, can succeed. */
export async function isRetried(ctx: Context, error: unknown): Promise<boolean> {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  if (code === NO_PARTITION && constraint === undefined) {
    await makePartitions(ctx);
    return true;
  }
  return code === DEADLOCK || code === SERIALIZATION || code === UNIQUE;
}

async function once<T>(ctx: Context, work: (change: Change) => Promise<T>): Promise<T> {
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
      tell: (name, payload) => tellFact(trx, name, payload),
    });
    if (spans.length + notices.length > 0) await insertPending(trx, pending_id, spans, notices);
    return done;
  });
  if (spans.length + notices.length > 0) ctx.publisher.push(pending_id, [...notices, ...events]);
  ctx.facts.nudge();
  return result;
}

/** Runs `work` in a transaction, in the room's turn on this instance, and publishes what it appended. */
export async function change<T>(ctx: Context, roomId: string, work: (change: Change) => Promise<T>): Promise<T> {
  return await ctx.inTurn(roomId, async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(ctx, work);
      } catch (error) {
        if (attempt === ATTEMPTS || !(await isRetried(ctx, error))) throw error;
      }
    }
  });
}
