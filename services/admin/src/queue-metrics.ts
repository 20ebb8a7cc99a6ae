import { type Metrics, showGauge } from '@chatapi/kit';
import type { Queues } from './queue-counts.ts';

/** Every instance shows all queues: take the maximum. Nothing while Redis is away. */
export const showQueues = (metrics: Metrics, queues: Queues): void =>
  showGauge(metrics, {
    name: 'chatapi_queue_jobs',
    help: 'Jobs in the queues of all services by state',
    labelNames: ['queue', 'state'],
    async read(set) {
      for (const [queue, states] of Object.entries(await queues.counts()))
        for (const [state, jobs] of Object.entries(states)) set(jobs, { queue, state });
    },
  });
