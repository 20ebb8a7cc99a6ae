// Delivery of facts: from the outbox through one BullMQ queue per subscriber to a handler, which
// commits its effect and its inbox mark together. Handlers run at least once, their effects happen
// once, whichever process dies or Redis loses. There is no order: handlers compare times.
import { every } from '@chatapi/kit';
import { replaySetAside, showSetAside } from './apply-facts.ts';
import { FACTS, type FactName, publishes } from './fact-types.ts';
import { type FactsOptions, type FactsRunner, TOLD_MS } from './facts-queue.ts';
import { startRelay } from './facts-relay.ts';
import { startWorker } from './facts-worker.ts';
import { showOutbox } from './outbox-metrics.ts';
import { forgetHandled } from './outbox-store.ts';

const SWEEP_MS = 3_600_000;
const NO_RELAY: FactsRunner = { nudge: () => undefined, close: async () => undefined };

/** Starts the relay of this service's outbox and the worker for the facts it subscribes to. */
export function startFacts(o: FactsOptions): FactsRunner {
  const names = Object.keys(FACTS) as FactName[];
  const isPublisher = names.some((name) => publishes(o.service, name));
  const relay = isPublisher ? startRelay(o) : NO_RELAY;
  if (isPublisher) showOutbox(o);
  const subscribes = names.some((name) => FACTS[name].heard_by.includes(o.service));
  const worker = subscribes ? startWorker(o, relay.nudge) : undefined;
  const replay = (): Promise<void> =>
    replaySetAside(o).then(
      () => relay.nudge(TOLD_MS),
      (err: Error) => o.log.warn({ err: err.message }, 'replaying facts that were set aside'),
    );
  const replaying = subscribes ? replay() : Promise.resolve();
  if (subscribes) showSetAside(o);
  // Replays again, for what an older instance set aside during a rolling update.
  const sweep = every(
    SWEEP_MS,
    async () => void (await Promise.all([forgetHandled(o.db), subscribes ? replay() : undefined])),
    (err) => o.log.warn({ err: err.message }, 'deleting handled facts'),
  );
  return {
    nudge: relay.nudge,
    async close() {
      await Promise.all([sweep.close(), replaying]);
      await Promise.all([relay.close(), worker?.close()]);
    },
  };
}
