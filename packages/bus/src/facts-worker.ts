// Queue consumer: handler and inbox row in one transaction, then a settlement for the publisher.
import { securityEvent } from '@chatapi/kit';
import { Worker } from 'bullmq';
import { applyFacts } from './apply-facts.ts';
import { endWorker } from './end-worker.ts';
import {
  type FactsOptions,
  type FactsRunner,
  legacySettledKey,
  PREFIX,
  queueOf,
  settlementsKey,
  TOLD_MS,
} from './facts-queue.ts';
import { markHandled } from './outbox-store.ts';
import { genuineOf, type QueuedFact, settlement } from './signed-facts.ts';

/** @param nudge wakes the relay for facts that handlers published. */
export function startWorker(o: FactsOptions, nudge: FactsRunner['nudge']): { close(): Promise<void> } {
  const connection = o.openQueueRedis();

  async function handle(facts: QueuedFact[]): Promise<void> {
    await o.db.transaction(async (trx) => {
      const ids = facts.map(({ id }) => id);
      const fresh = await markHandled(trx, ids);
      await applyFacts(
        o,
        facts.filter(({ id }) => fresh.has(id)),
        trx,
      );
    });
    nudge(TOLD_MS);
    await settleAll(facts);
  }

  async function settleAll(facts: QueuedFact[]): Promise<void> {
    const publisher = (facts[0] as QueuedFact).from;
    const signed = facts.map(({ id }) => settlement(o.keys, publisher, o.service, id));
    await o.redis.rpush(settlementsKey(publisher), ...signed);
    if (o.keys.legacy === undefined) return;
    await o.redis.rpush(legacySettledKey(publisher), ...facts.map(({ id }) => `${o.service} ${id}`));
  }

  /** When a batch fails, each fact is tried alone, so that a bad one does not block the others. */
  async function handleJob(facts: QueuedFact[]): Promise<void> {
    try {
      await handle(facts);
    } catch (error) {
      if (facts.length === 1) throw error;
      const failed: unknown[] = [];
      for (const fact of facts) await handle([fact]).catch((alone) => failed.push(alone));
      if (failed.length > 0) throw failed[0];
    }
  }

  /** Drops what is forged. A genuine fact is offered again until it is settled. */
  async function handleGenuine(data: unknown): Promise<void> {
    const facts = genuineOf(o.keys, data);
    if (facts.length < (Array.isArray(data) ? data.length : 1))
      securityEvent(o, 'fact.refused', { reason: 'signature' });
    for (const list of Map.groupBy(facts, ({ from }) => from).values()) await handleJob(list);
  }

  const worker = new Worker<unknown>(queueOf(o.service), ({ data }) => handleGenuine(data), {
    connection,
    prefix: PREFIX,
    // Concurrent transactions of many facts would lock the same rows in different orders.
    concurrency: 1,
    // After both, another instance takes over the job of a killed one.
    lockDuration: 5_000,
    stalledInterval: 2_500,
    maxStalledCount: 1_000_000,
  });
  worker.on('error', () => undefined);
  worker.on('failed', (job, err) => {
    if ((job?.attemptsMade ?? 0) % 20 === 10)
      o.log.error({ job: job?.id, err: err.message }, 'handling facts fails; will retry');
  });
  return { close: () => endWorker(worker, connection) };
}
