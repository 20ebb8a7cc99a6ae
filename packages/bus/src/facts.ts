// Owns: how facts travel: outbox → one BullMQ queue per hearing service → handler and mark in one transaction → settled.
// Guarantee: at least once to the handler, exactly once to its database, whichever process dies, Redis flushed included.
// Does not own: order. Facts may overtake each other; handlers compare times.
import { hash } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Knex } from 'knex';
import { FACTS, type Fact, type FactHandlers, type ServiceName } from './catalog.ts';
import { endWorker } from './end-worker.ts';
import { forgetHandled, markHandled, type Offer, settle, takeOffers, withdrawOffers } from './outbox-store.ts';

interface Logger {
  warn(o: object, text: string): void;
  error(o: object, text: string): void;
}

export interface FactsOptions {
  service: ServiceName;
  db: Knex;
  /** Fails fast; for adding jobs and settling. */
  redis: Redis;
  /** Blocks, reconnects for ever (`maxRetriesPerRequest: null`); for the worker. One connection each call. */
  openQueueRedis: () => Redis;
  handlers: FactHandlers<Knex.Transaction>;
  log: Logger;
}

export interface FactsRunner {
  /** Looks into the outbox at once, or in so many ms together with what else comes: call it after a commit that told something. */
  nudge(inMs?: number): void;
  close(): Promise<void>;
}

const PREFIX = '{chatapi}';
/** Without a nudge: what a crash left behind, and what is unsettled for too long. */
const IDLE_MS = 5000;
/** After an offer, by when most hearers have answered; and while Redis or the database is away. */
const SOON_MS = 1000;
/** After facts were handled: they may have led to others. */
const TOLD_MS = 200;
const BATCH = 200;
const MOST_SETTLED = 1000;
/** Unsettled facts are offered again after this; the inbox makes the second time harmless. */
const AGAIN_MS = 15_000;

const queueOf = (service: ServiceName): string => `facts-${service}`;
const settledKey = (teller: ServiceName): string => `chatapi:settled:${teller}`;

// removeOnComplete: an offer repeated after completion must run again, so that a lost settlement is said once more.
const JOB = {
  attempts: 1_000_000,
  backoff: { type: 'exponential', delay: 200, jitter: 0.5 },
  removeOnComplete: true,
  removeOnFail: 1000,
} as const;

/** While a hearer is away the same facts are offered again and again: the queue keeps each set once. */
const sameFacts = (facts: Fact[]): string => hash('sha1', facts.map(({ id }) => id).join(), 'hex');

function startRelay(o: FactsOptions): FactsRunner {
  const queues = new Map<string, Queue>();
  const queue = (hearer: ServiceName): Queue => {
    let q = queues.get(hearer);
    if (q === undefined) {
      q = new Queue(queueOf(hearer), { connection: o.redis, prefix: PREFIX, skipWaitingForReady: true });
      q.on('error', () => undefined); // the connection's own listener has said it
      queues.set(hearer, q);
    }
    return q;
  };

  /** What one pass found travels to each hearer as one job: a commit's fact costs a share of a transaction, not one. */
  async function offer(offers: Offer[]): Promise<void> {
    const jobs = new Map<ServiceName, Fact[]>();
    for (const { waiting_for, ...fact } of offers) {
      for (const hearer of waiting_for as ServiceName[]) {
        const mine = jobs.get(hearer) ?? [];
        mine.push(fact);
        jobs.set(hearer, mine);
      }
    }
    for (const [hearer, facts] of jobs) await queue(hearer).add('facts', facts, { ...JOB, jobId: sameFacts(facts) });
  }

  /** @returns how many there were. */
  async function settleHeard(): Promise<number> {
    const entries = await o.redis.lpop(settledKey(o.service), MOST_SETTLED);
    if (entries === null) return 0;
    const byHearer = Map.groupBy(entries, (entry) => entry.slice(0, entry.indexOf(' ')));
    for (const [hearer, list] of byHearer)
      await settle(
        o.db,
        hearer,
        list.map((entry) => entry.slice(entry.indexOf(' ') + 1)),
      );
    return entries.length;
  }

  /** @returns milliseconds until the next one. */
  async function pass(): Promise<number> {
    // Redis first: a fact marked as offered while Redis is away would wait AGAIN_MS for nothing.
    if (o.redis.status !== 'ready') return SOON_MS;
    const settled = await settleHeard();
    const offers = await takeOffers(o.db, BATCH, AGAIN_MS);
    if (offers.length > 0)
      await offer(offers).catch(async (error) => {
        await withdrawOffers(
          o.db,
          offers.map(({ id }) => id),
        );
        throw error;
      });
    if (offers.length === BATCH || settled === MOST_SETTLED) return 0;
    return offers.length + settled > 0 ? SOON_MS : IDLE_MS;
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
        o.log.warn({ err: err.message }, 'relaying facts');
        return SOON_MS;
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

/** @param nudge for what handlers tell in their transactions. */
function startWorker(o: FactsOptions, nudge: FactsRunner['nudge']): { close(): Promise<void> } {
  const connection = o.openQueueRedis();

  async function handle(facts: Fact[]): Promise<void> {
    await o.db.transaction(async (trx) => {
      const fresh = await markHandled(
        trx,
        facts.map(({ id }) => id),
      );
      for (const [name, list] of Map.groupBy(facts, (fact) => fact.name)) {
        const rule = o.handlers[name] as ((payloads: unknown[], trx: Knex.Transaction) => Promise<void>) | undefined;
        if (rule === undefined) throw new Error(`no handler for ${name}`);
        const payloads = list.filter(({ id }) => fresh.has(id)).map(({ payload }) => payload);
        if (payloads.length > 0) await rule(payloads, trx);
      }
    });
    nudge(TOLD_MS);
    const teller = FACTS[(facts[0] as Fact).name].from;
    await o.redis.rpush(settledKey(teller), ...facts.map(({ id }) => `${o.service} ${id}`));
  }

  /** One that can't be handled holds nobody else up: then each is tried alone. */
  async function handleJob(facts: Fact[]): Promise<void> {
    try {
      await handle(facts);
    } catch (error) {
      if (facts.length === 1) throw error;
      const failed: unknown[] = [];
      for (const fact of facts) await handle([fact]).catch((alone) => failed.push(alone));
      if (failed.length > 0) throw failed[0];
    }
  }

  const worker = new Worker<Fact[]>(queueOf(o.service), ({ data }) => handleJob(data), {
    connection,
    prefix: PREFIX,
    // Many facts share a transaction: two of one instance would meet at the same rows in different orders.
    concurrency: 1,
    // What a killed instance was at is another's after both of them.
    lockDuration: 5_000,
    stalledInterval: 2_500,
    maxStalledCount: 1_000_000,
  });
  worker.on('error', () => undefined);
  worker.on('failed', (job, err) => {
    if ((job?.attemptsMade ?? 0) % 20 === 10)
      o.log.error({ job: job?.id, err: err.message }, 'a fact can’t be handled');
  });
  return { close: () => endWorker(worker, connection) };
}

const NOTHING_TO_TELL: FactsRunner = { nudge: () => undefined, close: async () => undefined };

/** Starts relaying this service's outbox and handling what it hears. */
export function startFacts(o: FactsOptions): FactsRunner {
  const facts = Object.values(FACTS);
  const relay = facts.some(({ from }) => from === o.service) ? startRelay(o) : NOTHING_TO_TELL;
  const hears = facts.some(({ heard_by }) => heard_by.includes(o.service));
  const worker = hears ? startWorker(o, relay.nudge) : undefined;
  const sweep = setInterval(() => void forgetHandled(o.db).catch(() => undefined), 3_600_000);
  return {
    nudge: relay.nudge,
    async close() {
      clearInterval(sweep);
      await Promise.all([relay.close(), worker?.close()]);
    },
  };
}
