import { Worker } from 'bullmq';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { endWorker } from '../src/index.ts';

const redisUrl = process.env.TEST_REDIS_URL ?? '';
/** Once cut, a connection stays away for longer than the test. */
const stayAway = { maxRetriesPerRequest: null, retryStrategy: () => 60_000 };

describe('a worker that ends', () => {
  const looker = new Redis(redisUrl);
  after(() => looker.disconnect());

  const blocked = async (name: string): Promise<string | undefined> =>
    ((await looker.call('CLIENT', 'LIST')) as string)
      .split('\n')
      .find(
        (line) => line.includes(`name={test}:${Buffer.from(name).toString('base64')}`) && line.includes('cmd=bzpopmin'),
      )
      ?.match(/id=(\d+)/)?.[1];

  async function startWorker(name: string, work: () => Promise<void>) {
    const connection = new Redis(redisUrl, stayAway);
    const worker = new Worker(name, work, { connection, prefix: '{test}' });
    worker.on('error', () => undefined);
    connection.on('error', () => undefined);
    let id: string | undefined;
    while (id === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      id = await blocked(name);
    }
    return { worker, connection, id };
  }

  it('does so at once when it waits for work', async () => {
    const { worker, connection } = await startWorker(`idle-${Date.now()}`, async () => undefined);
    const began = Date.now();
    await endWorker(worker, connection);
    expect(Date.now() - began).to.be.below(2000);
  });

  it('does so in time although its blocking connection was cut and waits to reconnect', async () => {
    const { worker, connection, id } = await startWorker(`cut-${Date.now()}`, async () => undefined);
    await looker.call('CLIENT', 'KILL', 'ID', id);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const began = Date.now();
    await endWorker(worker, connection);
    expect(Date.now() - began).to.be.below(2000);
  });
});
