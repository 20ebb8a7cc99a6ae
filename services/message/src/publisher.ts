// Owns: what was committed reaches the interested nodes, in order of seq per room, and the mark that it did; with it goes the fact.
// Guarantee: none is needed (nodes compare heads); what a crash or an absent Redis left behind is said again by the sweep.
import { type PacketRecord, type Publication, publishRecords, roomTopic } from '@chatapi/bus';
import { every, type Knex, type Log, type Pipes, type Redis } from '@chatapi/kit';
import { forgetPublished, isLeftOver, republish } from './publish-store.ts';

export interface LoggedEvent {
  seq: number;
  sender: string;
  frame: string;
}

export const recordsOf = (room: string, events: LoggedEvent[], origin = ''): PacketRecord[] =>
  events.map(({ seq, sender, frame }) => ({ kind: 'event', topic: roomTopic(room), room, seq, sender, origin, frame }));

const inOrder = (records: Publication[]): Publication[] =>
  [...Map.groupBy(records, ({ room }) => room).values()].flatMap((ofRoom) => ofRoom.sort((a, b) => a.seq - b.seq));

export interface Publisher {
  /** Call it after the commit; returns at once. `pendingId`: the commit's row in `unpublished`. */
  push(pendingId: string | null, records: Publication[]): void;
  close(): Promise<void>;
}

const TIDY_MS = 500;
/** While Redis is away nothing is gained by holding more: the sweep and the nodes' own comparison find it. */
const MAX_QUEUED = 10_000;

interface Deps {
  db: Knex;
  reads: Pipes;
  redis: Redis;
  log: Log;
}

/** @param onMarked facts may have been told. */
export function openPublisher({ db, reads, redis, log }: Deps, onMarked: () => void): Publisher {
  let queue: Publication[] = [];
  let pending: string[] = [];
  const published: string[] = [];
  let flushing: Promise<void> | undefined;

  async function flush(): Promise<void> {
    // One turn: commits of several connections may come back in another order than they were made in.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      const records = inOrder(queue);
      const ids = pending;
      queue = [];
      pending = [];
      try {
        await publishRecords(redis, records);
        published.push(...ids);
      } catch (error) {
        log.debug({ err: (error as Error).message }, 'not published; the sweep will');
      }
    }
    flushing = undefined;
  }

  const mark = async (): Promise<void> => {
    const ids = published.splice(0);
    if (ids.length > 0) await forgetPublished(db, ids).then(onMarked, () => undefined);
  };
  /** What is marked before is not taken for left over. */
  const tidy = async (): Promise<void> => {
    await mark();
    if (redis.status !== 'ready') return;
    if (!(await isLeftOver(reads))) return;
    await republish(db, (records) => publishRecords(redis, records));
    onMarked();
  };
  const tidying = every(TIDY_MS, tidy, (err) => log.debug({ err: err.message }, 'sweep'));

  return {
    push(pendingId, records) {
      if (queue.length + records.length > MAX_QUEUED) return;
      queue.push(...records);
      if (pendingId !== null) pending.push(pendingId);
      flushing ??= flush();
    },
    async close() {
      await Promise.all([tidying.close(), flushing]);
      await mark();
    },
  };
}
