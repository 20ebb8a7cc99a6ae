import { Counter, Gauge, type Metrics } from '@chatapi/kit';
import type { LoadMonitor } from './overload.ts';

export interface GatewayMetrics {
  refusedByLimit: Counter<'limit'>;
  upstreamErrors: Counter<'service' | 'reason'>;
  sockets: Gauge;
}

export function createGatewayMetrics(metrics: Metrics, load: LoadMonitor): GatewayMetrics {
  new Gauge({
    name: 'chatapi_gateway_requests_in_flight',
    help: 'Requests in progress',
    registers: [metrics],
    collect() {
      this.set(load.inFlight());
    },
  });
  return {
    refusedByLimit: new Counter({
      name: 'chatapi_gateway_rate_limited_total',
      help: 'Requests refused by a rate limit',
      labelNames: ['limit'],
      registers: [metrics],
    }),
    upstreamErrors: new Counter({
      name: 'chatapi_gateway_upstream_errors_total',
      help: 'Requests to which an upstream service gave no response',
      labelNames: ['service', 'reason'],
      registers: [metrics],
    }),
    sockets: new Gauge({
      name: 'chatapi_gateway_sockets',
      help: 'Open WebSocket connections through the gateway',
      registers: [metrics],
    }),
  };
}
