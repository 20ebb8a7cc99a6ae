import { createMetrics } from '@chatapi/kit';
import type { RateLimiter } from '@chatapi/kit/auth';
import { expect } from 'chai';
import { createGatewayMetrics } from '../src/metrics.ts';
import { rows } from '../src/routes.ts';

const idle = { inFlight: () => 0 } as Parameters<typeof createGatewayMetrics>[1];

describe('metrics of the gateway', () => {
  it('count every limit and every service behind it from 0, so that a first burst is an increase', async () => {
    const registry = createMetrics('api-gateway', 'g');
    createGatewayMetrics(registry, idle, { inMemory: () => 0 } as RateLimiter);
    const text = await registry.metrics();
    const limits = new Set(['general', ...rows.flatMap(({ budget }) => budget ?? [])]);
    for (const limit of limits)
      expect(text).to.match(new RegExp(`^chatapi_gateway_rate_limited_total\\{limit="${limit}".*\\} 0$`, 'm'));
    const upstreams = new Set(rows.map(({ service }) => service).filter((service) => service !== 'gateway'));
    for (const service of upstreams)
      for (const reason of ['refused', 'broken'])
        expect(text).to.match(
          new RegExp(`^chatapi_gateway_upstream_errors_total\\{service="${service}",reason="${reason}".*\\} 0$`, 'm'),
        );
  });
});
