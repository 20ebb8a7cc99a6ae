// Work is divided by shard of the room: each instance holds its share under leases. Should two work
// for a room at once, as after a freeze, both go on from a recorded position in order: what a
// receiver sees first stays in order, and positions only move forward.
import { every, type Log, type RecurringTask } from '@chatapi/kit';
import type { Knex } from 'knex';
import { claimShards, releaseShards } from './shard-store.ts';

const RENEW_MS = 5000;
/** Of a lease of 15 s. */
const TRUST_MS = 12_000;

export interface Shards extends RecurringTask {
  /** Those that this instance holds now. */
  mine(): number[];
  /** Instances that share the work. */
  instances(): number;
  claim(): Promise<void>;
}

/** @param most instances that work at a time. */
export function startShards(db: Knex, instance: string, most: number, log: Log): Shards {
  let held: number[] = [];
  let instances = 1;
  let at = Number.NEGATIVE_INFINITY;
  let closed = false;
  let claiming: Promise<void> = Promise.resolve();

  async function claimNow(): Promise<void> {
    if (closed) return;
    const began = performance.now();
    ({ shards: held, instances } = await claimShards(db, instance, most));
    at = began;
  }
  function claim(): Promise<void> {
    const work = claiming.then(claimNow);
    claiming = work.catch(() => undefined);
    return work;
  }
  const renewing = every(RENEW_MS, claim, (err) => log.debug({ err: err.message }, 'shards not renewed'));
  return {
    mine: () => (performance.now() - at < TRUST_MS ? held : []),
    instances: () => instances,
    claim,
    async close() {
      closed = true;
      await renewing.close();
      // What it claimed after its release would wait for the end of the lease.
      await claiming;
      await releaseShards(db, instance).catch(() => undefined);
      held = [];
    },
  };
}
