import { showGauge } from '../gauges.ts';
import type { Metrics } from '../metrics.ts';
import type { Redis } from './redis.ts';

/** Shows which connections work: `commands`, and `signals` of a subscriber. */
export function watchRedis(metrics: Metrics, connections: { commands: Redis; signals?: Redis }): void {
  showGauge(metrics, {
    name: 'chatapi_redis_up',
    help: '1 while the connection to Redis works',
    labelNames: ['connection'],
    read(set) {
      for (const [connection, redis] of Object.entries(connections))
        set(redis.status === 'ready' ? 1 : 0, { connection });
    },
  });
}
