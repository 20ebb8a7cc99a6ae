// How many facts wait in the outbox, and for how long.
import { showGauge } from '@chatapi/kit';
import type { FactsOptions } from './facts-queue.ts';
import { readBacklog } from './outbox-store.ts';

/** Every instance of a service shows the same table: take the maximum. */
export function showOutbox({ db, metrics }: FactsOptions): void {
  showGauge(metrics, {
    name: 'chatapi_outbox_facts',
    help: 'Facts that some subscriber has not settled, at most 10,001',
    read: async (set) => set((await readBacklog(db)).facts),
  });
  showGauge(metrics, {
    name: 'chatapi_outbox_oldest_seconds',
    help: 'Age of the oldest fact that some subscriber has not settled; 0 without any',
    async read(set) {
      const { oldest } = await readBacklog(db);
      set(oldest === undefined ? 0 : Math.max(0, (Date.now() - oldest) / 1000));
    },
  });
}
