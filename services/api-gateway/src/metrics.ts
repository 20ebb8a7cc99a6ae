import { Counter, Gauge, type Metrics } from '@chatapi/kit';
import { type RateLimiter, showLimiter } from '@chatapi/kit/auth';
import type { LoadMonitor } from './overload.ts';

export interface GatewayMetrics {
  refusedByLimit: Counter<'limit'>;
  upstreamErrors: Counter<'service' | 'reason'>;
  sockets: Gauge;
}

const LIMITS = ['general', 'uploads', 'registrations', 'docs', 'hooks', 'typing', 'staff'];
const UPSTREAMS = ['auth', 'user', 'message', 'file', 'admin', 'integration'];
const REASONS = ['refused', 'broken'];

/** Series start at 0: Prometheus sees no increase at the first value of a series. */
export function createGatewayMetrics(metrics: Metrics, load: LoadMonitor, limiter: RateLimiter): GatewayMetrics {
  showLimiter(metrics, limiter);
  new Gauge({
    name: 'chatapi_gateway_requests_in_flight',
    help: 'Requests in progress',
    registers: [metrics],
    collect() {
      this.set(load.inFlight());
    },
  });
  const refusedByLimit = new Counter({
    name: 'chatapi_gateway_rate_limited_total',
    help: 'Requests refused by a rate limit',
    labelNames: ['limit'],
    registers: [metrics],
  });
  for (const limit of LIMITS) refusedByLimit.inc({ limit }, 0);
  const upstreamErrors = new Counter({
    name: 'chatapi_gateway_upstream_errors_total',
    help: 'Requests to which an upstream service gave no response',
    labelNames: ['service', 'reason'],
    registers: [metrics],
  });
  for (const service of UPSTREAMS) for (const reason of REASONS) upstreamErrors.inc({ service, reason }, 0);
  return {
    refusedByLimit,
    upstreamErrors,
    sockets: new Gauge({
      name: 'chatapi_gateway_sockets',
      help: 'Open WebSocket connections and event streams through the gateway',
      registers: [metrics],
    }),
  };
}
