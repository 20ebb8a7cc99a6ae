// Followers of a log in memory, with positions in PostgreSQL: whatever is told late or not at all,
// fails or stops, each gets every event, and each room in order.
import { createLog } from '@chatapi/kit';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import knex, { type Knex } from 'knex';
import { Registry } from 'prom-client';
import {
  askComparison,
  type Follower,
  type Followers,
  followerMigrations,
  goBack,
  type Item,
  lagOf,
  startFollowers,
} from '../src/index.ts';
import { EPOCH, MemoryLog } from './memory-log.ts';

const url = process.env.TEST_DATABASE_URL ?? '';
const redisUrl = process.env.TEST_REDIS_URL ?? '';
const silent = createLog('test', 'test', 'silent');

let schemas = 0;

describe('followers of the log', function () {
  this.timeout(120_000);
  let db: Knex;
  let redis: Redis;
  let log: MemoryLog;
  let followers: Follower[];
  let running: Followers[];
  /** Per follower: what it handled, in order. */
  let seen: Map<string, [room: string, item: Item][]>;
  let failures: number;
  let stopped: boolean;
  let underWay: number;
  let most: number;

  beforeEach(async () => {
    const schema = `followers_${process.pid}_${schemas++}`;
    const options = `-c search_path=${schema}`;
    db = knex({ client: 'pg', connection: { connectionString: url, options }, pool: { min: 0, max: 5 } });
    await db.raw(`drop schema if exists ${schema} cascade; create schema ${schema}`);
    for (const { up } of followerMigrations) await up(db);
    redis = new Redis(redisUrl);
    log = new MemoryLog();
    followers = [{ id: 'f', from: 0, rooms: null, active: true }];
    running = [];
    seen = new Map();
    [failures, underWay, most] = [0, 0, 0];
    stopped = false;
  });
  afterEach(async () => {
    for (const one of running.splice(0)) await one.close();
    redis.disconnect();
    await db.destroy();
  });

  function start(parallel = 4): Followers {
    const one = startFollowers<string>({
      db,
      redis,
      source: log,
      instance: `i${running.length} ${Math.random()}`,
      read: async () => followers,
      parallel,
      async handle({ follower, room, item }) {
        most = Math.max(most, ++underWay);
        await new Promise((resolve) => setTimeout(resolve, 1));
        underWay--;
        if (stopped) return { kind: 'stopped' };
        if (failures > 0) {
          failures--;
          return { kind: 'again', inMs: 5, effect: '' };
        }
        seen.set(follower, [...(seen.get(follower) ?? []), [room, item]]);
        return { kind: 'done', effect: '' };
      },
      record: async () => undefined,
      log: silent,
      metrics: new Registry(),
    });
    running.push(one);
    return one;
  }

  const tell = (room: string, seq: number): Promise<void> =>
    db.transaction((trx) => (running[0] as Followers).onMoved([{ heads: { [room]: seq } }], trx));
  const compareAll = (since = 0): Promise<void> => db.transaction((trx) => askComparison(trx, since));

  /** The seqs of a room in the order in which a follower saw them first. */
  const firsts = (room: string, follower = 'f'): number[] => [
    ...new Set((seen.get(follower) ?? []).filter(([of]) => of === room).map(([, { seq }]) => seq)),
  ];
  const all = (room: string): number[] => (log.rooms.get(room) ?? []).map(({ seq }) => seq);

  async function expectAll(follower = 'f'): Promise<void> {
    await eventually(() => {
      for (const room of log.rooms.keys()) expect(firsts(room, follower)).to.deep.equal(all(room));
    }, 20_000);
    await eventually(async () => expect(await lagOf(db, [follower])).to.deep.equal([]), 5000);
  }

  type Act =
    | { do: 'append'; room: number; n: number; told: boolean }
    | { do: 'log fails' | 'handler fails'; n: number }
    | { do: 'stop' | 'start' };
  const act: fc.Arbitrary<Act> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('append' as const),
        room: fc.nat(5),
        n: fc.integer({ min: 1, max: 30 }),
        told: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constantFrom('log fails' as const, 'handler fails' as const), n: fc.nat(4) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('stop' as const, 'start' as const) }) },
  );

  let run = 0;
  it('get every event once it was told or compared, in order per room, whatever fails, starts and stops', async () => {
    start();
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), async (acts) => {
        const stem = `r${run++}-`;
        for (const one of acts) {
          if (one.do === 'append')
            for (let i = 0; i < one.n; i++) {
              const room = `${stem}${one.room}`;
              const seq = log.append(room);
              if (one.told && i === one.n - 1) await tell(room, seq);
            }
          else if (one.do === 'log fails') log.failures += one.n;
          else if (one.do === 'handler fails') failures += one.n;
          else if (one.do === 'start' && running.length < 3) start();
          else if (one.do === 'stop' && running.length > 1) await running.pop()?.close();
        }
        await compareAll();
        await expectAll();
      }),
      // On a slow machine fewer than 12: each run may wait for restarts.
      { numRuns: 12, interruptAfterTimeLimit: 90_000 },
    );
  });

  it('handle no more items at a time than they may, one per room, over all instances', async () => {
    for (let room = 0; room < 30; room++) for (let n = 0; n < 5; n++) log.append(`p${room}`);
    start(4);
    start(4);
    await compareAll();
    await expectAll();
    expect(most).to.be.within(2, 4);
  });

  it('handle no more items at a time than they may when there are more instances than that', async () => {
    for (let room = 0; room < 60; room++) for (let n = 0; n < 4; n++) log.append(`m${room}`);
    for (let instance = 0; instance < 4; instance++) start(2);
    // The first to come gave up its shards for those after it, which give theirs back.
    const holders = () => db.raw('select distinct holder from follower_shards where until > now()');
    await eventually(async () => expect((await holders()).rows).to.have.length(2), 60_000);
    most = 0;
    await compareAll();
    await expectAll();
    expect(most).to.be.within(1, 2);
  });

  it('that begin now get nothing from before, also in rooms that they meet later', async () => {
    log.append('old');
    log.append('busy');
    await new Promise((resolve) => setTimeout(resolve, 5));
    followers = [{ id: 'f', from: Date.now(), rooms: null, active: true }];
    await new Promise((resolve) => setTimeout(resolve, 5));
    start();
    await tell('busy', log.append('busy'));
    await eventually(() => expect(firsts('busy')).to.deep.equal([2]), 10_000);
    expect(firsts('old')).to.deep.equal([]);
    const { rows } = await db.raw('select room_id from follower_positions');
    expect(rows).to.deep.equal([{ room_id: 'busy' }]);
  });

  it('are told of events that the log no longer has, by one gap', async () => {
    for (let n = 0; n < 9; n++) log.append('trimmed');
    log.trimmed.set('trimmed', 6);
    start();
    await compareAll();
    await eventually(() => expect(firsts('trimmed')).to.deep.equal([6, 7, 8, 9]), 10_000);
    expect(seen.get('f')?.[0]?.[1]).to.deep.equal({ kind: 'gap', epoch: EPOCH, from: 1, seq: 6 });
  });

  it('go back by replay, also while they work, and one that is behind does not change', async () => {
    for (let n = 0; n < 40; n++) log.append('again');
    start();
    await compareAll();
    await eventually(() => expect(firsts('again').length).to.be.greaterThan(5), 10_000);
    await db.transaction((trx) => goBack(trx, 'f', { again: 2 }, {}));
    await expectAll();
    const seqs = (seen.get('f') ?? []).map(([, { seq }]) => seq);
    expect(seqs.filter((seq) => seq === 3)).to.have.length(2);
    // From there in order to the end.
    const again = seqs.slice(seqs.lastIndexOf(3));
    expect(again).to.deep.equal(all('again').slice(2));
  });

  it('go back in rooms where they have no position yet, and skip nothing there', async () => {
    log.append('old');
    await new Promise((resolve) => setTimeout(resolve, 5));
    followers = [{ id: 'f', from: Date.now(), rooms: null, active: false }];
    await new Promise((resolve) => setTimeout(resolve, 5));
    start();
    for (let n = 0; n < 4; n++) await tell('old', log.append('old'));
    const begins = await log.seqsAt(['old'], followers[0]?.from as number);
    await db.transaction((trx) => goBack(trx, 'f', { old: 1000 }, begins));
    followers = followers.map((one) => ({ ...one, active: true }));
    await eventually(() => expect(firsts('old')).to.deep.equal([2, 3, 4, 5]), 10_000);
  });

  it('that stopped are not asked again and again, though they have work', async () => {
    for (let room = 0; room < 20; room++) log.append(`s${room}`);
    stopped = true;
    start();
    await compareAll();
    await eventually(async () => expect((await lagOf(db, ['f']))[0]?.events).to.equal(20), 10_000);
    followers = followers.map((one) => ({ ...one, active: false }));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const before = log.reads;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(log.reads).to.equal(before);
    stopped = false;
    followers = followers.map((one) => ({ ...one, active: true }));
    await expectAll();
  });

  it('that begin while all heads are compared keep their positions', async () => {
    start();
    log.meanwhile = async () => {
      log.meanwhile = undefined;
      followers = ['f', 'g'].map((id) => ({ id, from: 0, rooms: null, active: true }));
      await tell('new', log.append('new'));
    };
    await compareAll();
    const sinceOf = async () => (await db.raw('select since_ms from follower_comparison')).rows[0].since_ms;
    await eventually(async () => expect(await sinceOf()).to.be.above(0), 10_000);
    // Positions of followers that are gone are deleted then.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const ofNew = async () => (await db.raw(`select seq from follower_positions where follower = 'g'`)).rows;
    await eventually(async () => expect(await ofNew()).to.deep.equal([{ seq: 1 }]), 10_000);
  });

  it('that are paused keep their places; one that hangs holds up no other', async () => {
    followers = ['paused', 'f'].map((id) => ({ id, from: 0, rooms: null, active: id === 'f' }));
    start();
    await tell('shared', log.append('shared'));
    await expectAll('f');
    expect(seen.has('paused')).to.equal(false);
    expect(await lagOf(db, ['paused'])).to.have.length(1);
    followers = followers.map((one) => ({ ...one, active: true }));
    await expectAll('paused');
  });
});
