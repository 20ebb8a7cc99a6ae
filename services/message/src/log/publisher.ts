// Publishes committed events to interested nodes, in order of seq per room. A sweep repeats what a
// crash or an outage of Redis left. Signals may be lost: nodes compare heads.
import { type PacketRecord, type Publication, roomTopic, type Signals } from '@chatapi/bus';
import { every, type Log } from '@chatapi/kit';
import type { Knex, PipelinedPool, Redis } from '@chatapi/kit/data';
import {
  dropOld,
  hasUnpublished,
  MAX_ROWS,
  MAX_TOLD,
  markPublished,
  publishLeftovers,
  tellFollowers,
} from './publish-store.ts';

export interface LoggedEvent {
  seq: number;
  sender: string;
  frame: string;
}

export const recordsOf = (room: string, events: LoggedEvent[], origin = ''): PacketRecord[] =>
  events.map(({ seq, sender, frame }) => ({ kind: 'event', topic: roomTopic(room), room, seq, sender, origin, frame }));

const sortBySeq = (records: Publication[]): Publication[] =>
  [...Map.groupBy(records, ({ room }) => room).values()].flatMap((ofRoom) => ofRoom.sort((a, b) => a.seq - b.seq));

export interface Publisher {
  /** Call it after the commit; it does not wait. `pendingId`: the commit's row in `unpublished`. */
  push(pendingId: string | null, records: Publication[]): void;
  /** Whether Redis took what was published last. */
  works(): boolean;
  close(): Promise<void>;
}

const SWEEP_MS = 500;
/** More records are dropped: the sweep and the nodes' comparison of heads find them. */
const MAX_QUEUED = 10_000;

interface Deps {
  db: Knex;
  reads: PipelinedPool;
  redis: Redis;
  signals: Signals;
  log: Log;
}

/** Repeats work that takes some rows at a time, until few are left. */
async function emptied(closing: AbortSignal, most: number, work: () => Promise<number>): Promise<void> {
  while (!closing.aborted && (await work()) === most);
}

/**
 * @param onMarked called when facts may have been published; `moved`: for followers of the log.
 */
export function createPublisher(
  { db, reads, redis, signals, log }: Deps,
  onMarked: (moved: boolean) => void,
): Publisher {
  let queue: Publication[] = [];
  let pending: string[] = [];
  const published: string[] = [];
  let flushing: Promise<void> | undefined;
  let works = true;

  async function flush(): Promise<void> {
    // Commits on several connections may return in another order: collect for one event-loop turn.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      const records = sortBySeq(queue);
      const ids = pending;
      queue = [];
      pending = [];
      try {
        await signals.publish(records);
        published.push(...ids);
        works = true;
      } catch (error) {
        works = false;
        log.debug({ err: (error as Error).message }, 'publishing failed; the sweep will retry');
      }
    }
    flushing = undefined;
  }

  const mark = async (): Promise<void> => {
    const ids = published.splice(0);
    if (ids.length > 0) await markPublished(db, ids).then(onMarked, () => undefined);
  };
  /** @returns false without Redis. */
  async function publishedLeftovers(closing: AbortSignal): Promise<boolean> {
    if (redis.status !== 'ready') return false;
    let published = true;
    const publish = async (records: PacketRecord[]): Promise<void> => {
      published = false;
      works = false;
      await signals.publish(records);
      published = works = true;
    };
    try {
      // Once, and again only for a backlog: to repeat what a busy instance is about to mark would
      // make it busier.
      await publishLeftovers(db, publish, 'young');
      await emptied(closing, MAX_ROWS, () => publishLeftovers(db, publish, 'stale'));
    } catch (error) {
      if (published) throw error;
    }
    return published;
  }

  /** Marks first, so that published rows do not count as leftovers. */
  const sweep = async (closing: AbortSignal): Promise<void> => {
    await mark();
    if (!(await hasUnpublished(reads))) return;
    if (await publishedLeftovers(closing)) return onMarked(true);
    await emptied(closing, MAX_TOLD, () => tellFollowers(db));
    await emptied(closing, MAX_ROWS, () => dropOld(db));
  };
  const sweeping = every(SWEEP_MS, sweep, (err) =>
    log.debug({ err: err.message }, 'sweep of unpublished events failed'),
  );

  return {
    push(pendingId, records) {
      if (queue.length + records.length > MAX_QUEUED) return;
      const committedAt = Date.now();
      for (const record of records) record.committedAt = committedAt;
      queue.push(...records);
      if (pendingId !== null) pending.push(pendingId);
      flushing ??= flush();
    },
    works: () => works && redis.status === 'ready',
    async close() {
      await Promise.all([sweeping.close(), flushing]);
      await mark();
    },
  };
}
