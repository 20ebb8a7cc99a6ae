import { createLog } from '@chatapi/kit';
import { testKeys } from '@chatapi/kit/testing';
import { Queue } from 'bullmq';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import knex, { type Knex } from 'knex';
import { Registry } from 'prom-client';
import { each, type FactsRunner, factsMigrations, recordFact, startFacts } from '../src/index.ts';

const url = process.env.TEST_DATABASE_URL ?? '';
const redisUrl = process.env.TEST_REDIS_URL ?? '';
const silent = createLog('test', 'test', 'silent');
const until = async (check: () => Promise<boolean> | boolean, ms = 25_000): Promise<void> => {
  for (const end = Date.now() + ms; !(await check()); ) {
    if (Date.now() > end) throw new Error('waited too long');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

interface Side {
  db: Knex;
  redis: Redis;
}

async function side(name: string): Promise<Side> {
  const schema = `bus_${name}_${process.pid}`;
  const db = knex({
    client: 'pg',
    connection: { connectionString: url, options: `-c search_path=${schema}` },
    pool: { min: 0, max: 5 },
  });
  await db.raw(`drop schema if exists ${schema} cascade; create schema ${schema}`);
  for (const { up } of factsMigrations) await up(db);
  await db.raw('create table handled (user_id text)');
  return { db, redis: new Redis(redisUrl, { maxRetriesPerRequest: 1 }) };
}

const seen = (user_id: string) => ({ user_id, at: new Date().toISOString() });

describe('facts', () => {
  let publisher: Side;
  let subscriber: Side;
  const running: FactsRunner[] = [];
  const publish = async (n: number, from = 0): Promise<void> => {
    await publisher.db.transaction(async (trx) => {
      for (let i = from; i < from + n; i++) await recordFact(trx, 'account.seen', seen(`usr_${i}`));
    });
  };
  const startTeller = (metrics = new Registry()): FactsRunner =>
    startFacts({
      service: 'auth',
      keys: testKeys('auth'),
      ...publisher,
      openQueueRedis: () => new Redis(redisUrl, { maxRetriesPerRequest: null }),
      handlers: {},
      log: silent,
      metrics,
    });
  const startHearer = (
    before: (user: string) => Promise<void> = async () => undefined,
    metrics = new Registry(),
  ): FactsRunner =>
    startFacts({
      service: 'admin',
      keys: testKeys('admin'),
      ...subscriber,
      openQueueRedis: () => new Redis(redisUrl, { maxRetriesPerRequest: null }),
      log: silent,
      metrics,
      handlers: {
        'account.seen': each(async ({ user_id }, trx) => {
          await trx('handled').insert({ user_id });
          await before(user_id);
        }),
      },
    });
  const handled = async (): Promise<string[]> =>
    (await subscriber.db('handled').orderBy('user_id')).map((row: { user_id: string }) => row.user_id);
  const settled = async (): Promise<boolean> =>
    (await publisher.db('outbox').count({ n: '*' }))[0]?.n?.toString() === '0';

  before(async () => {
    publisher = await side('publisher');
    subscriber = await side('subscriber');
    await publisher.redis.flushdb();
  });
  beforeEach(async () => {
    await subscriber.db('handled').delete();
    await publisher.db('outbox').delete();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((r) => r.close()));
  });
  after(async () => {
    for (const { db, redis } of [publisher, subscriber]) {
      redis?.disconnect();
      await db?.destroy();
    }
  });

  it('are applied once by the subscriber, then leave the outbox', async () => {
    running.push(startTeller(), startHearer());
    await publish(300);
    await until(settled);
    expect(new Set(await handled()).size).to.equal(300);
    expect(await handled()).to.have.length(300);
  }).timeout(30_000);

  it('wait in the outbox, where metrics show how many and for how long, until they are settled', async () => {
    const metrics = new Registry();
    const shown = async (name: string): Promise<number> =>
      ((await metrics.getSingleMetric(name)?.get())?.values[0]?.value ?? Number.NaN) as number;
    running.push(startTeller(metrics));
    await publish(3, 500);
    await until(async () => (await shown('chatapi_outbox_oldest_seconds')) > 0.2);
    expect(await shown('chatapi_outbox_facts')).to.equal(3);
    expect(await shown('chatapi_outbox_oldest_seconds')).to.be.lessThan(60);
    running.push(startHearer());
    await until(settled);
    expect(await shown('chatapi_outbox_facts')).to.equal(0);
    expect(await shown('chatapi_outbox_oldest_seconds')).to.equal(0);
  }).timeout(30_000);

  it('are handled once when the handler fails at first and they are offered again', async () => {
    let failures = 2;
    const flaky = async (): Promise<void> => {
      if (failures-- > 0) throw new Error('not now');
    };
    running.push(startTeller(), startHearer(flaky));
    await publish(3, 1000);
    running[0]?.nudge();
    await until(settled);
    expect(await handled()).to.deep.equal(['usr_1000', 'usr_1001', 'usr_1002']);
  }).timeout(30_000);

  it('survive a FLUSHALL between offer and handling', async () => {
    const relay = startTeller();
    await publish(5, 2000);
    relay.nudge();
    await until(async () => (await publisher.db('outbox').whereNull('offered_at')).length === 0);
    await relay.close();
    await publisher.redis.flushdb();
    await publisher.db('outbox').update({ offered_at: new Date(Date.now() - 60_000) });
    running.push(startTeller(), startHearer());
    await until(settled);
    expect(await handled()).to.have.length(5);
  }).timeout(30_000);

  it('published by a handler are offered soon without a nudge', async () => {
    const onward = await side('onward');
    const queues = { openQueueRedis: () => new Redis(redisUrl, { maxRetriesPerRequest: null }), log: silent };
    try {
      const published: string[][] = [];
      running.push(
        startTeller(),
        startFacts({
          service: 'file',
          keys: testKeys('file'),
          ...subscriber,
          ...queues,
          metrics: new Registry(),
          handlers: {
            'account.erased': each(async ({ user_id }, trx) =>
              recordFact(trx, 'files.erased', { file_ids: [user_id] }),
            ),
          },
        }),
        startFacts({
          service: 'message',
          keys: testKeys('message'),
          ...onward,
          ...queues,
          metrics: new Registry(),
          handlers: {
            'account.erased': async () => undefined,
            'files.erased': each(async ({ file_ids }) => void published.push(file_ids)),
          },
        }),
      );
      const erased = { user_id: 'usr_gone', erased_at: new Date().toISOString() };
      await publisher.db.transaction((trx) => recordFact(trx, 'account.erased', erased));
      running[0]?.nudge();
      await until(() => published.length > 0, 3000);
      expect(published).to.deep.equal([['usr_gone']]);
    } finally {
      await Promise.all(running.splice(0).map((r) => r.close()));
      onward.redis.disconnect();
      await onward.db.destroy();
    }
  }).timeout(30_000);

  it('of a transaction that is rolled back are never published', async () => {
    running.push(startTeller(), startHearer());
    await publisher.db
      .transaction(async (trx) => {
        await recordFact(trx, 'account.seen', seen('usr_ghost'));
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    await publish(1, 3000);
    await until(settled);
    expect(await handled()).to.deep.equal(['usr_3000']);
  }).timeout(30_000);

  it('of a newer version are set aside, counted by a metric, and handled by a version that knows them', async () => {
    const older = (metrics: Registry): FactsRunner =>
      startFacts({
        service: 'admin',
        keys: testKeys('admin'),
        ...subscriber,
        openQueueRedis: () => new Redis(redisUrl, { maxRetriesPerRequest: null }),
        log: silent,
        metrics,
        handlers: {},
      });
    const setAside = async (metrics: Registry): Promise<string> => await metrics.metrics();
    const metrics = new Registry();
    running.push(startTeller(), older(metrics));
    await publish(3, 5000);
    running[0]?.nudge();
    await until(settled);
    expect(await setAside(metrics)).to.match(/^chatapi_facts_set_aside 3$/m);
    expect(await handled()).to.deep.equal([]);
    await running.pop()?.close();
    const newer = new Registry();
    running.push(startHearer(undefined, newer));
    await until(async () => (await handled()).length === 3);
    expect(await handled()).to.deep.equal(['usr_5000', 'usr_5001', 'usr_5002']);
    expect(await setAside(newer)).to.match(/^chatapi_facts_set_aside 0$/m);
  }).timeout(30_000);

  it('that are set aside are deleted when their user is erased', async () => {
    await subscriber.db('facts_set_aside').insert([
      { fact_id: 'f1', name: 'of.tomorrow', payload: { user_id: 'usr_gone' } },
      { fact_id: 'f2', name: 'of.tomorrow', payload: { user_id: 'usr_here' } },
      {
        fact_id: 'f3',
        name: 'accounts.created',
        payload: { accounts: [{ user_id: 'usr_gone' }, { user_id: 'usr_b' }] },
      },
    ]);
    const handlers = { 'account.erased': async () => undefined };
    const openQueueRedis = () => new Redis(redisUrl, { maxRetriesPerRequest: null });
    const metrics = new Registry();
    running.push(
      startTeller(),
      startFacts({
        service: 'admin',
        keys: testKeys('admin'),
        ...subscriber,
        openQueueRedis,
        log: silent,
        metrics,
        handlers,
      }),
    );
    await recordFact(publisher.db, 'account.erased', { user_id: 'usr_gone', erased_at: new Date().toISOString() });
    running[0]?.nudge();
    await until(async () => (await subscriber.db('facts_set_aside').pluck('fact_id')).sort().join() === 'f2,f3');
    const [many] = await subscriber.db('facts_set_aside').where({ fact_id: 'f3' });
    expect(many.payload).to.deep.equal({ accounts: [{ user_id: 'usr_b' }] });
    await subscriber.db('facts_set_aside').delete();
  }).timeout(30_000);

  it('that somebody else puts into a queue are dropped, and forged settlements lose nothing', async () => {
    const queue = new Queue('facts-admin', { connection: publisher.redis, prefix: '{chatapi}' });
    const forged = { id: 'fact_forged', name: 'account.seen', payload: seen('usr_forged'), from: 'auth' };
    await queue.add('facts', [forged]);
    await queue.add('facts', 'no list');
    await publish(1, 6000);
    const [{ id }] = await publisher.db('outbox');
    await publisher.redis.rpush('chatapi:settlements:auth', `admin ${id} x`, 'nonsense');
    await publisher.redis.rpush('chatapi:settled:auth', `admin ${id}`);
    running.push(startTeller());
    await until(async () => (await publisher.redis.llen('chatapi:settlements:auth')) === 0);
    expect(await publisher.db('outbox').pluck('id')).to.deep.equal([id]);
    running.push(startHearer());
    await until(settled);
    expect(await handled()).to.deep.equal(['usr_6000']);
    await queue.close();
    await publisher.redis.del('chatapi:settled:auth');
  }).timeout(30_000);

  it('that do not match the catalog are refused when they are published', async () => {
    const error = await recordFact(publisher.db, 'account.seen', { user_id: 'x' } as never).then(
      () => undefined,
      (e: Error) => e,
    );
    expect(error?.message).to.include('account.seen');
  });
});
