import { showGauge } from '../gauges.ts';
import type { Metrics } from '../metrics.ts';
import type { Redis } from './redis.ts';

/** A frozen Redis keeps its connections: ask it. Fails after the connection's time limit. */
const answers = (redis: Redis): Promise<boolean> =>
  redis.status === 'ready'
    ? redis.ping().then(
        () => true,
        () => false,
      )
    : Promise.resolve(false);

/**
 * Shows which connections work: `commands`, and `signals` of a subscriber, which is only looked at:
 * without a time limit, a question could wait for ever.
 */
export function watchRedis(metrics: Metrics, connections: { commands: Redis; signals?: Redis }): void {
  showGauge(metrics, {
    name: 'chatapi_redis_up',
    help: '1 while the connection to Redis works',
    labelNames: ['connection'],
    async read(set) {
      const { commands, signals } = connections;
      set(Number(await answers(commands)), { connection: 'commands' });
      if (signals !== undefined) set(Number(signals.status === 'ready'), { connection: 'signals' });
    },
  });
}
