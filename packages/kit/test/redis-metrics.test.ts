import { expect } from 'chai';
import { openRedis, openSubscriber } from '../src/data/redis.ts';
import { watchRedis } from '../src/data/redis-metrics.ts';
import { createLog } from '../src/log.ts';
import { createMetrics } from '../src/metrics.ts';
import { eventually } from '../src/testing/eventually.ts';

const log = createLog('kit', 'kit', 'silent');

describe('metrics of Redis', () => {
  it('show for each connection whether it works', async () => {
    const metrics = createMetrics('kit', 'test');
    const commands = await openRedis(process.env.TEST_REDIS_URL ?? '', log);
    const signals = openSubscriber('redis://127.0.0.1:1', log);
    try {
      watchRedis(metrics, { commands, signals });
      expect(await metrics.metrics())
        .to.match(/^chatapi_redis_up\{connection="commands".*\} 1$/m)
        .and.match(/^chatapi_redis_up\{connection="signals".*\} 0$/m);
      commands.disconnect();
      await eventually(async () =>
        expect(await metrics.metrics()).to.match(/^chatapi_redis_up\{connection="commands".*\} 0$/m),
      );
    } finally {
      commands.disconnect();
      signals.disconnect();
    }
  });
});
