import { Counter } from 'prom-client';
import type { Metrics } from '../metrics.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** While Redis is away, each process counts for itself, and limits are as many times higher. */
export function showLimiter(metrics: Metrics, limiter: RateLimiter): void {
  new Counter({
    name: 'chatapi_limiter_in_memory_total',
    help: 'Rate limits counted in the memory of this process, without Redis',
    registers: [metrics],
    collect() {
      this.reset();
      this.inc(limiter.inMemory());
    },
  });
}
