// Sends that could delay others: with attachments, asked about by a hook, refused for now, timed
// out, or behind such a send of the same user in the same room. Sends of one user in one room keep
// their order and wait for no other user. A send that timed out is tried once more, alone, and then
// refused.
import { setTimeout as sleep } from 'node:timers/promises';
import { createInFlightBatch, type InFlightBatch } from '@chatapi/kit/rpc';
import type { Send } from '../state.ts';

/** The sends of a batch that have no final answer. */
export interface Undecided {
  /** The message service can't take them now, or must ask a hook first. */
  again: Send[];
  /** Their instance timed out. One of them may be the reason. */
  timedOut: Send[];
}

export interface SideQueueOptions {
  /** Sends a batch, beginning with instance `from`. */
  deliver(from: string, batch: Send[]): Promise<Undecided>;
  /** Refuses a send that timed out twice. */
  refuse(send: Send): void;
}

export interface SideQueue {
  /** @param sends in their order. @param timedOut those of `sends` whose instance timed out. */
  add(home: string, sends: Send[], timedOut: Set<Send>): void;
  /** Whether a send with this order key is queued: later ones must follow it. */
  has(key: string): boolean;
  busy(): boolean;
}

/** The sends of one user in one room; the first one is in flight. */
interface OrderedSends {
  home: string;
  sends: Send[];
  tries: number;
}

const MIN_PAUSE_MS = 50;
const MAX_PAUSE_MS = 500;

/** @param keyOf the order key: sends with the same key keep their order. */
export function createSideQueue(keyOf: (send: Send) => string, options: SideQueueOptions): SideQueue {
  const { deliver, refuse } = options;
  const orderedByKey = new Map<string, OrderedSends>();
  const suspects = new Set<Send>();
  /** By home; dropped when idle. */
  const queues = new Map<string, InFlightBatch<Send>>();
  // The size of infinity makes each batch a single send.
  const singles = createInFlightBatch<Send>(sendAlone, () => Number.POSITIVE_INFINITY);

  const orderedOf = (send: Send): OrderedSends => orderedByKey.get(keyOf(send)) as OrderedSends;

  function queueOf(home: string): InFlightBatch<Send> {
    let queue = queues.get(home);
    if (queue === undefined) {
      queue = createInFlightBatch<Send>(
        (batch) => sendBatch(home, batch),
        ({ size }) => size,
      );
      queues.set(home, queue);
    }
    return queue;
  }

  function start({ home, sends }: OrderedSends): void {
    const send = sends[0] as Send;
    (suspects.has(send) ? singles : queueOf(home)).push(send);
  }

  function finish(send: Send): void {
    const ordered = orderedOf(send);
    ordered.sends.shift();
    ordered.tries = 0;
    suspects.delete(send);
    if (ordered.sends.length > 0) start(ordered);
    else orderedByKey.delete(keyOf(send));
    if (orderedByKey.size === 0) queues.clear();
  }

  async function retry(ordered: OrderedSends): Promise<void> {
    await sleep(Math.min(MIN_PAUSE_MS * 2 ** ordered.tries++, MAX_PAUSE_MS));
    start(ordered);
  }

  async function sendBatch(home: string, batch: Send[]): Promise<void> {
    const { again, timedOut } = await deliver(home, batch);
    for (const send of timedOut) suspects.add(send);
    for (const send of timedOut) start(orderedOf(send));
    for (const send of again) void retry(orderedOf(send));
    for (const send of new Set(batch).difference(new Set([...again, ...timedOut]))) finish(send);
  }

  async function sendAlone([send]: Send[]): Promise<void> {
    const ordered = orderedOf(send as Send);
    const { again, timedOut } = await deliver(ordered.home, [send as Send]);
    for (const one of timedOut) refuse(one);
    if (again.length > 0) void retry(ordered);
    else finish(send as Send);
  }

  return {
    add(home, sends, timedOut) {
      for (const send of timedOut) suspects.add(send);
      for (const send of sends) {
        const ordered = orderedByKey.get(keyOf(send));
        if (ordered !== undefined) ordered.sends.push(send);
        else {
          const first: OrderedSends = { home, sends: [send], tries: 0 };
          orderedByKey.set(keyOf(send), first);
          start(first);
        }
      }
    },
    has: (key) => orderedByKey.has(key),
    busy: () => orderedByKey.size > 0,
  };
}
