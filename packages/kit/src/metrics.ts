import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export { Counter, Gauge, Histogram };
export type Metrics = Registry;

/** One registry per process: service code registers with `registers: [ctx.metrics]`. Labels are few; ids go to logs. */
export function openMetrics(service: string, instance: string): Metrics {
  const metrics = new Registry();
  metrics.setDefaultLabels({ service, instance });
  // Every look at the event loop's lag wakes an idle process; prom-client's 10 ms cost more than all else that it does. Node counts
  // the pause between two looks into the lag: 0.25 s is none.
  collectDefaultMetrics({ register: metrics, eventLoopMonitoringPrecision: 250 });
  return metrics;
}

type Duration = Histogram<'method' | 'route' | 'status'>;
const DURATION = 'chatapi_http_request_duration_seconds';

/** The process's one histogram of requests, for all that answer some. */
export function httpMetrics(metrics: Metrics): Duration {
  const known = metrics.getSingleMetric(DURATION) as Duration | undefined;
  if (known !== undefined) return known;
  return new Histogram({
    name: DURATION,
    help: 'Time from request to answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [metrics],
  });
}
