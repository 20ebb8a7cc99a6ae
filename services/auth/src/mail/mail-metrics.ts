import { Counter, type Metrics, showGauge } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { mailBacklog } from './mail-store.ts';

const RESULTS = ['queued', 'sent', 'retried', 'refused', 'given_up', 'dropped'] as const;
export type MailResult = (typeof RESULTS)[number];

export interface MailMetrics {
  count(result: MailResult): void;
}

const NAME = 'chatapi_mails_total';

/** Every instance shows the same queue: take the maximum. */
export function createMailMetrics(metrics: Metrics, db: Knex): MailMetrics {
  showGauge(metrics, {
    name: 'chatapi_mails_waiting',
    help: 'Mails that are not sent yet',
    read: async (set) => set((await mailBacklog(db)).waiting),
  });
  showGauge(metrics, {
    name: 'chatapi_mails_oldest_seconds',
    help: 'Age of the oldest mail that is not sent yet; 0 without any',
    read: async (set) => set((await mailBacklog(db)).oldest_s),
  });
  metrics.removeSingleMetric(NAME);
  const total = new Counter({
    name: NAME,
    help:
      'Mails queued and what became of them: sent, retried later, refused by the server for its recipient, given up ' +
      'after a day, dropped because its link was replaced',
    labelNames: ['result'],
    registers: [metrics],
  });
  for (const result of RESULTS) total.inc({ result }, 0);
  return { count: (result) => total.inc({ result }) };
}
