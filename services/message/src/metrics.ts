import { Counter, Histogram, httpMetrics, type Metrics } from '@chatapi/kit';

export interface MessageMetrics {
  messages: Counter;
  /** Counts a request forwarded by RPC as an HTTP request. */
  answered(method: 'GET' | 'POST', status: number, seconds: number): void;
  batch(size: number, seconds: number): void;
  /** A batch failed, and with it so many sends. */
  failed(sends: number): void;
}

export function createMessageMetrics(metrics: Metrics): MessageMetrics {
  const registers = [metrics];
  const size = new Histogram({
    name: 'chatapi_send_batch_size',
    help: 'Sends per batch',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    registers,
  });
  const time = new Histogram({
    name: 'chatapi_send_commit_seconds',
    help: 'Duration of a batch from its first lookup to its commit, in seconds',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const failedBatches = new Counter({
    name: 'chatapi_send_batches_failed_total',
    help: 'Batches of sends of which nothing was committed',
    registers,
  });
  const failedSends = new Counter({
    name: 'chatapi_sends_failed_total',
    help: 'Sends answered with an error because their batch failed',
    registers,
  });
  const requests = httpMetrics(metrics);
  return {
    answered: (method, status, seconds) =>
      requests.observe({ method, route: '/messages', status: String(status) }, seconds),
    messages: new Counter({ name: 'chatapi_messages_total', help: 'Messages committed by this instance', registers }),
    batch(n, seconds) {
      size.observe(n);
      time.observe(seconds);
    },
    failed(sends) {
      failedBatches.inc();
      failedSends.inc(sends);
    },
  };
}
