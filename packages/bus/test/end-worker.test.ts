import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { endWorker } from '../src/index.ts';

const redisUrl = process.env.TEST_REDIS_URL ?? '';
/** A closed connection reconnects only after the end of the test. */
const stayAway = { maxRetriesPerRequest: null, retryStrategy: () => 60_000 };

describe('endWorker', () => {
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

  it('ends a worker that waits for work', async () => {
    const { worker, connection } = await startWorker(`idle-${Date.now()}`, async () => undefined);
    await endWorker(worker, connection);
    expect(await Promise.race([worker.closing, sleep(0, 'hangs')])).to.equal(undefined);
  });

  it('ends a worker whose blocking connection was closed and waits to reconnect', async () => {
    const { worker, connection, id } = await startWorker(`cut-${Date.now()}`, async () => undefined);
    await looker.call('CLIENT', 'KILL', 'ID', id);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await endWorker(worker, connection);
    expect(await Promise.race([worker.closing, sleep(0, 'hangs')])).to.equal(undefined);
  });
});
