import { Counter, Gauge, type Metrics } from '@chatapi/kit';
import type { Load } from './overload.ts';

export interface Counters {
  refusedByLimit: Counter<'limit'>;
  upstreamErrors: Counter<'service' | 'reason'>;
  sockets: Gauge;
}

export function openCounters(metrics: Metrics, load: Load): Counters {
  new Gauge({
    name: 'chatapi_gateway_requests_in_flight',
    help: 'Requests under way',
    registers: [metrics],
    collect() {
      this.set(load.inFlight());
    },
  });
  return {
    refusedByLimit: new Counter({
      name: 'chatapi_gateway_rate_limited_total',
      help: 'Requests refused because a limit was used up',
      labelNames: ['limit'],
      registers: [metrics],
    }),
    upstreamErrors: new Counter({
      name: 'chatapi_gateway_upstream_errors_total',
      help: 'Requests that a service did not answer',
      labelNames: ['service', 'reason'],
      registers: [metrics],
    }),
    sockets: new Gauge({ name: 'chatapi_gateway_sockets', help: 'WebSockets passed through', registers: [metrics] }),
  };
}
