import { expect } from 'chai';
import { Redis } from 'ioredis';
import knex, { type Knex } from 'knex';
import { each, type FactsRunner, factsMigration, startFacts, tellFact } from '../src/index.ts';

const url = process.env.TEST_DATABASE_URL ?? '';
const redisUrl = process.env.TEST_REDIS_URL ?? '';
const silent = { warn: () => undefined, error: () => undefined };
const until = async (check: () => Promise<boolean> | boolean, ms = 12_000): Promise<void> => {
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
  await factsMigration.up(db);
  await db.raw('create table heard (user_id text)');
  return { db, redis: new Redis(redisUrl, { maxRetriesPerRequest: 1 }) };
}

const seen = (user_id: string) => ({ user_id, at: new Date().toISOString() });

describe('facts', () => {
  let teller: Side;
  let hearer: Side;
  const running: FactsRunner[] = [];
  const tell = async (n: number, from = 0): Promise<void> => {
    await teller.db.transaction(async (trx) => {
      for (let i = from; i < from + n; i++) await tellFact(trx, 'account.seen', seen(`usr_${i}`));
    });
  };
  const startTeller = (): FactsRunner =>
    startFacts({
      service: 'auth',
      ...teller,
      openQueueRedis: () => new Redis(redisUrl, { maxRetriesPerRequest: null }),
      handlers: {},
      log: silent,
    });
  const startHearer = (before: (user: string) => Promise<void> = async () => undefined): FactsRunner =>
    startFacts({
      service: 'admin',
      ...hearer,
      openQueueRedis: () => new Redis(redisUrl, { maxRetriesPerRequest: null }),
      log: silent,
      handlers: {
        'account.seen': each(async ({ user_id }, trx) => {
          await trx('heard').insert({ user_id });
          await before(user_id);
        }),
      },
    });
  const heard = async (): Promise<string[]> =>
    (await hearer.db('heard').orderBy('user_id')).map((row: { user_id: string }) => row.user_id);
  const settled = async (): Promise<boolean> => (await teller.db('outbox').count({ n: '*' }))[0]?.n?.toString() === '0';

  before(async () => {
    teller = await side('teller');
    hearer = await side('hearer');
    await teller.redis.flushdb();
  });
  beforeEach(async () => {
    await hearer.db('heard').delete();
    await teller.db('outbox').delete();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((r) => r.close()));
  });
  after(async () => {
    for (const { db, redis } of [teller, hearer]) {
      redis?.disconnect();
      await db?.destroy();
    }
  });

  it('reach the hearer’s own tables once, and leave the outbox when they have', async () => {
    running.push(startTeller(), startHearer());
    await tell(300);
    await until(settled);
    expect(new Set(await heard()).size).to.equal(300);
    expect(await heard()).to.have.length(300);
  }).timeout(15_000);

  it('are handled once although the handler fails at first and is offered them again', async () => {
    let failures = 2;
    const flaky = async (): Promise<void> => {
      if (failures-- > 0) throw new Error('not now');
    };
    running.push(startTeller(), startHearer(flaky));
    await tell(3, 1000);
    running[0]?.nudge();
    await until(settled);
    expect(await heard()).to.deep.equal(['usr_1000', 'usr_1001', 'usr_1002']);
  }).timeout(15_000);

  it('survive a FLUSHALL between the offer and the handling', async () => {
    const relay = startTeller();
    await tell(5, 2000);
    relay.nudge();
    await until(async () => (await teller.db('outbox').whereNull('offered_at')).length === 0);
    await relay.close();
    await teller.redis.flushdb();
    await teller.db('outbox').update({ offered_at: new Date(Date.now() - 60_000) });
    running.push(startTeller(), startHearer());
    await until(settled);
    expect(await heard()).to.have.length(5);
  }).timeout(15_000);

  it('told by a handler are offered soon, without anybody’s nudge', async () => {
    const onward = await side('onward');
    const queues = { openQueueRedis: () => new Redis(redisUrl, { maxRetriesPerRequest: null }), log: silent };
    try {
      const told: string[][] = [];
      running.push(
        startTeller(),
        startFacts({
          service: 'file',
          ...hearer,
          ...queues,
          handlers: {
            'account.erased': each(async ({ user_id }, trx) => tellFact(trx, 'files.erased', { file_ids: [user_id] })),
          },
        }),
        startFacts({
          service: 'message',
          ...onward,
          ...queues,
          handlers: {
            'account.erased': async () => undefined,
            'files.erased': each(async ({ file_ids }) => void told.push(file_ids)),
          },
        }),
      );
      const erased = { user_id: 'usr_gone', erased_at: new Date().toISOString() };
      await teller.db.transaction((trx) => tellFact(trx, 'account.erased', erased));
      running[0]?.nudge();
      await until(() => told.length > 0, 3000);
      expect(told).to.deep.equal([['usr_gone']]);
    } finally {
      await Promise.all(running.splice(0).map((r) => r.close()));
      onward.redis.disconnect();
      await onward.db.destroy();
    }
  }).timeout(15_000);

  it('of a transaction that is rolled back are never told', async () => {
    running.push(startTeller(), startHearer());
    await teller.db
      .transaction(async (trx) => {
        await tellFact(trx, 'account.seen', seen('usr_ghost'));
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    await tell(1, 3000);
    await until(settled);
    expect(await heard()).to.deep.equal(['usr_3000']);
  }).timeout(15_000);

  it('that do not fit the catalog are refused where they are told', async () => {
    const error = await tellFact(teller.db, 'account.seen', { user_id: 'x' } as never).then(
      () => undefined,
      (e: Error) => e,
    );
    expect(error?.message).to.include('account.seen');
  });
});
