// Outbox relay: offers facts to the subscribers' queues until all subscribers have settled them.
import { hash } from 'node:crypto';
import { securityEvent } from '@chatapi/kit';
import { Queue } from 'bullmq';
import type { Fact, ServiceName } from './fact-types.ts';
import {
  BATCH,
  type FactsOptions,
  type FactsRunner,
  legacySettledKey,
  PREFIX,
  queueOf,
  settlementsKey,
} from './facts-queue.ts';
import { type Offer, settle, takeOffers, withdrawOffers } from './outbox-store.ts';
import { type QueuedFact, readLegacySettlement, readSettlement, type Settlement, signFact } from './signed-facts.ts';

/** Poll interval without a nudge: finds facts left by a crash, and facts unsettled for too long. */
const IDLE_POLL_MS = 5000;
/** Poll interval after an offer, and while Redis or the database is down. */
const POLL_MS = 1000;
const MAX_SETTLED = 1000;
/** Unsettled facts are offered again after this time. The inbox drops the duplicates. */
const REOFFER_MS = 15_000;

// removeOnComplete: a repeated offer must run again, so that a lost settlement is repeated.
const JOB = {
  attempts: 1_000_000,
  backoff: { type: 'exponential', delay: 200, jitter: 0.5 },
  removeOnComplete: true,
  removeOnFail: 1000,
} as const;

/** Job id: while a subscriber is down, repeated offers of the same facts are one job. */
const sameFacts = (facts: Fact[]): string => hash('sha1', facts.map(({ id }) => id).join(), 'hex');

export function startRelay(o: FactsOptions): FactsRunner {
  const queues = new Map<string, Queue>();
  const queue = (subscriber: ServiceName): Queue => {
    let q = queues.get(subscriber);
    if (q === undefined) {
      q = new Queue(queueOf(subscriber), { connection: o.redis, prefix: PREFIX, skipWaitingForReady: true });
      q.on('error', () => undefined); // logged by the connection's own listener
      queues.set(subscriber, q);
    }
    return q;
  };

  /** One job per subscriber and pass, so that many facts share one transaction there. */
  async function offer(offers: Offer[]): Promise<void> {
    const jobs = new Map<ServiceName, QueuedFact[]>();
    for (const { waiting_for, ...fact } of offers) {
      for (const subscriber of waiting_for as ServiceName[]) {
        const mine = jobs.get(subscriber) ?? [];
        mine.push(signFact(o.keys, subscriber, o.service, fact));
        jobs.set(subscriber, mine);
      }
    }
    for (const [subscriber, facts] of jobs)
      await queue(subscriber).add('facts', facts, { ...JOB, jobId: sameFacts(facts) });
  }

  /** @returns the number of settlements read. */
  async function settleHandled(): Promise<number> {
    const entries = (await o.redis.lpop(settlementsKey(o.service), MAX_SETTLED)) ?? [];
    const read = entries.map((entry) => readSettlement(o.keys, entry));
    if (read.includes(undefined)) securityEvent(o, 'fact.refused', { reason: 'settlement' });
    const old = o.keys.legacy === undefined ? null : await o.redis.lpop(legacySettledKey(o.service), MAX_SETTLED);
    const all = [...read, ...(old ?? []).map(readLegacySettlement)].filter(
      (one): one is Settlement => one !== undefined,
    );
    for (const [subscriber, list] of Map.groupBy(all, (one) => one.subscriber))
      await settle(
        o.db,
        subscriber,
        list.map(({ factId }) => factId),
      );
    return Math.max(entries.length, old?.length ?? 0);
  }

  /** @returns milliseconds until the next pass. */
  async function pass(): Promise<number> {
    // A fact marked as offered while Redis is down would wait for REOFFER_MS.
    if (o.redis.status !== 'ready') return POLL_MS;
    const settled = await settleHandled();
    const offers = await takeOffers(o.db, BATCH, REOFFER_MS);
    if (offers.length > 0)
      await offer(offers).catch(async (error) => {
        await withdrawOffers(
          o.db,
          offers.map(({ id }) => id),
        );
        throw error;
      });
    if (offers.length === BATCH || settled === MAX_SETTLED) return 0;
    return offers.length + settled > 0 ? POLL_MS : IDLE_POLL_MS;
  }

  let closed = false;
  let running: Promise<void> | undefined;
  let again = false;
  let timer: NodeJS.Timeout | undefined;
  let due = Number.POSITIVE_INFINITY;
  const runIn = (ms: number): void => {
    const at = performance.now() + ms;
    if (closed || at >= due) return;
    due = at;
    clearTimeout(timer);
    timer = setTimeout(() => {
      due = Number.POSITIVE_INFINITY;
      run();
    }, ms);
  };
  async function passes(): Promise<void> {
    let pause = 0;
    while ((again || pause === 0) && !closed) {
      again = false;
      pause = await pass().catch((err: Error) => {
        o.log.warn({ err: err.message }, 'relaying facts failed; will retry');
        return POLL_MS;
      });
    }
    running = undefined;
    runIn(pause);
  }
  function run(): void {
    again = true;
    running ??= passes();
  }
  run();
  return {
    nudge: (inMs = 0) => (inMs === 0 ? run() : runIn(inMs)),
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
      await Promise.all([...queues.values()].map((q) => q.close().catch(() => undefined)));
    },
  };
}
