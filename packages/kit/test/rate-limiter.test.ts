import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { createRateLimiter, limitExceeded, limitHeaders } from '../src/auth/rate-limiter.ts';
import { openRedis, type Redis } from '../src/data/redis.ts';
import { createLog } from '../src/log.ts';

const log = createLog('test', 'test', 'silent');
const unique = (): string => randomBytes(8).toString('hex');
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The same tests run with Redis and, in one process, without. */
const rules = (name: string, open: () => Promise<Redis>) =>
  describe(name, () => {
    let redis: Redis;
    before(async () => {
      redis = await open();
    });
    after(() => redis?.disconnect());

    it('admits exactly the limit out of any number of concurrent requests', async () => {
      const { take } = createRateLimiter(redis, log);
      const key = unique();
      const found = await Promise.all(Array.from({ length: 30 }, () => take(key, 20, 60)));
      expect(found.filter(({ allowed }) => allowed)).to.have.length(20);
      expect(found.map(({ remaining }) => remaining).slice(0, 20)).to.deep.equal(
        Array.from({ length: 20 }, (_, i) => 19 - i),
      );
      // In whole seconds, of which one may end meanwhile.
      const resets = found.map(({ reset }) => reset);
      expect(Math.max(...resets) - Math.min(...resets)).to.be.at.most(1);
      expect(found[29]?.retry_after_s).to.be.within(59, 60);
    });

    it('resets completely at the end of the window', async () => {
      const { take } = createRateLimiter(redis, log);
      const key = unique();
      expect(await take(key, 1, 1)).to.include({ allowed: true, remaining: 0 });
      expect(await take(key, 1, 1)).to.include({ allowed: false, retry_after_s: 1 });
      await wait(1050);
      expect(await take(key, 1, 1)).to.include({ allowed: true });
    });

    it('can be read without counting', async () => {
      const { take, peek } = createRateLimiter(redis, log);
      const key = unique();
      expect(await peek(key, 3, 60)).to.include({ allowed: true, remaining: 3 });
      await take(key, 3, 60);
      for (let i = 0; i < 3; i++) expect(await peek(key, 3, 60)).to.include({ remaining: 2 });
    });

    it('is off at 0', async () => {
      const { take } = createRateLimiter(redis, log);
      expect(await take(unique(), 0, 60)).to.include({ allowed: true, limit: 0 });
    });

    it('counts costs like a model: refused requests count nothing', async () => {
      const costs = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 15 }), costs, async (limit, list) => {
          const { take } = createRateLimiter(redis, log);
          const key = unique();
          let used = 0;
          for (const cost of list) {
            const fits = used + cost <= limit;
            if (fits) used += cost;
            expect(await take(key, limit, 60, cost)).to.include({ allowed: fits, remaining: limit - used });
          }
        }),
        { numRuns: 40 },
      );
    });
  });

describe('a Redis that accepts connections and never answers', () => {
  it('is waited for at most half a second', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const start = performance.now();
    const redis = await openRedis(`redis://127.0.0.1:${(silent.address() as AddressInfo).port}`, log);
    expect(performance.now() - start).to.be.within(450, 1500);
    redis.disconnect();
    silent.close();
  });
});

describe('a limit in memory', () => {
  it('is counted, so that operators see that each process counts for itself', async () => {
    const redis = await openRedis('redis://127.0.0.1:1', log);
    const { take, inMemory } = createRateLimiter(redis, log);
    expect(inMemory()).to.equal(0);
    for (let i = 0; i < 3; i++) await take(unique(), 1, 60);
    await take(unique(), 0, 60);
    expect(inMemory()).to.equal(3);
    redis.disconnect();
  });

  it('evicts the oldest of very many keys, never the newest', async () => {
    const redis = await openRedis('redis://127.0.0.1:1', log);
    const { take } = createRateLimiter(redis, log);
    for (let i = 0; i <= 50_001; i++) await take(`many ${i}`, 1, 60);
    expect(await take('many 50001', 1, 60)).to.include({ allowed: false });
    expect(await take('many 0', 1, 60)).to.include({ allowed: true });
    redis.disconnect();
  }).timeout(60_000);
});

rules('a limit while Redis is unavailable', () => openRedis('redis://127.0.0.1:1', log));
const url = process.env.TEST_REDIS_URL;
if (url !== undefined) {
  rules('a limit', () => openRedis(url, log));

  describe('a limit over several instances', () => {
    it('is one budget, and continues from the last known count when Redis fails', async () => {
      const [a, b] = [await openRedis(url, log), await openRedis(url, log)];
      const [one, two] = [createRateLimiter(a, log), createRateLimiter(b, log)];
      const key = unique();
      const found = await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 ? one : two).take(key, 25, 60)));
      expect(found.filter(({ allowed }) => allowed)).to.have.length(25);
      await one.peek(key, 25, 60);
      a.disconnect();
      expect(await one.take(key, 25, 60)).to.include({ allowed: false, remaining: 0 });
      b.disconnect();
    });
  });
}

describe('the headers of a limit', () => {
  it('are three headers, and Retry-After with the refusal', () => {
    const found = { allowed: false, limit: 5, remaining: 0, reset: 1000, retry_after_s: 9 };
    const error = limitExceeded(found, 'slow down');
    expect(error).to.include({ code: 'RATE_LIMIT_EXCEEDED', status: 429 });
    expect(error.headers).to.deep.equal({ ...limitHeaders(found), 'Retry-After': '9' });
    expect(limitHeaders(found)).to.deep.equal({
      'X-RateLimit-Limit': '5',
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': '1000',
    });
    expect(limitHeaders({ ...found, limit: 0 })).to.deep.equal({});
  });
});
