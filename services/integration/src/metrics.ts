import { Counter, Histogram, type Metrics, showGauge } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { DeliverContext } from './webhooks/deliver.ts';
import { countStopped } from './webhooks/webhook-store.ts';

export function createDeliveryMetrics(metrics: Metrics, db: Knex): DeliverContext['observe'] {
  showGauge(metrics, {
    name: 'chatapi_webhooks_stopped',
    help: 'Webhooks that were paused after days of failures, or disabled by their receivers',
    read: async (set) => set(await countStopped(db)),
  });
  const registers = [metrics];
  const deliveries = new Counter({
    name: 'chatapi_webhook_deliveries_total',
    help: 'Requests to receivers of webhooks',
    labelNames: ['result'],
    registers,
  });
  for (const result of ['delivered', 'failed']) deliveries.inc({ result }, 0);
  const delay = new Histogram({
    name: 'chatapi_webhook_delay_seconds',
    help: 'From the event to the end of its first request, in seconds',
    buckets: [0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10, 30, 60, 300],
    registers,
  });
  return (_result, delivered, at) => {
    deliveries.inc({ result: delivered ? 'delivered' : 'failed' });
    if (at > 0) delay.observe(Math.max(0, (Date.now() - at) / 1000));
  };
}
