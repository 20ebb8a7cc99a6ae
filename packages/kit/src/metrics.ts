import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { SECURITY_EVENTS, type SecurityEvent } from './security-events.ts';
import { VERSION } from './version.ts';

export { Counter, Gauge, Histogram };
export type Metrics = Registry;

/**
 * The registry of a process. Services register metrics with `registers: [ctx.metrics]`. Labels have
 * few values; ids belong in logs.
 */
export function createMetrics(service: string, instance: string): Metrics {
  const metrics = new Registry();
  metrics.setDefaultLabels({ service, instance });
  // Measuring the event loop's lag wakes an idle process, and prom-client's default of 10 ms costs
  // more than all else it does. The measured lag includes the interval.
  collectDefaultMetrics({ register: metrics, eventLoopMonitoringPrecision: 250 });
  securityMetrics(metrics);
  buildInfo(metrics);
  return metrics;
}

/** The constant 1. Alerts compare with it which instances there are. */
function buildInfo(metrics: Metrics): void {
  new Gauge({
    name: 'chatapi_build_info',
    help: 'Version of the product and of Node',
    labelNames: ['version', 'node_version'],
    registers: [metrics],
  }).set({ version: VERSION, node_version: process.version }, 1);
}

type Duration = Histogram<'method' | 'route' | 'status'>;
const DURATION = 'chatapi_http_request_duration_seconds';

/** The request duration histogram of the process, created at the first call. */
export function httpMetrics(metrics: Metrics): Duration {
  const known = metrics.getSingleMetric(DURATION) as Duration | undefined;
  if (known !== undefined) return known;
  return new Histogram({
    name: DURATION,
    help: 'Duration of HTTP requests in seconds',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [metrics],
  });
}

const SECURITY = 'chatapi_security_events_total';

/** Each event starts at 0: Prometheus sees no increase at the first value of a series. */
export function securityMetrics(metrics: Metrics): Counter<'event'> {
  const known = metrics.getSingleMetric(SECURITY) as Counter<'event'> | undefined;
  if (known !== undefined) return known;
  const events = new Counter({
    name: SECURITY,
    help: 'Events of the security log',
    labelNames: ['event'],
    registers: [metrics],
  });
  for (const event of Object.keys(SECURITY_EVENTS) as SecurityEvent[]) events.inc({ event }, 0);
  return events;
}
