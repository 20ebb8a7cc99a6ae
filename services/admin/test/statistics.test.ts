import { recordFact, removeNode, reportAlive, reportOnline, startFacts } from '@chatapi/bus';
import { createMetrics } from '@chatapi/kit';
import { openQueueRedis } from '@chatapi/kit/data';
import { eventually, silentSink, testKeys } from '@chatapi/kit/testing';
import { expect } from 'chai';
import request from 'supertest';
import { createHandlers } from '../src/facts.ts';
import { deleteOldSeconds } from '../src/statistics-store.ts';
import { anonymous, as, type Running, start } from './harness.ts';

const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();

/** Not the transaction itself. */
const isOfRule = (sql: string): boolean => !/^(?:begin|commit)/i.test(sql);

describe('statistics', () => {
  let s: Running;
  before(async () => {
    s = await start();
  });
  beforeEach(async () => {
    for (const table of ['accounts', 'rooms', 'message_seconds', 'files']) await s.ctx.db(table).delete();
    await s.ctx.db('message_totals').update({ count: 0 });
  });
  after(() => s?.stop());
  const stats = async () => (await request(s.app).get('/admin/dashboard/stats').set(as('moderator')).expect(200)).body;
  const handlers = createHandlers(silentSink());
  const handle = async (name: keyof typeof handlers, payload: unknown): Promise<void> => {
    await s.ctx.db.transaction((trx) =>
      (handlers[name] as (p: unknown[], t: typeof trx) => Promise<void>)([payload], trx),
    );
  };
  const account = (user_id: string, more: object = {}) => ({
    user_id,
    username: user_id,
    email: 'e',
    role: 'user',
    status: 'active',
    created_at: ago(0),
    updated_at: ago(0),
    ...more,
  });

  it('have all fields when nothing has happened yet', async () => {
    const { generated_at, connections, ...rest } = await stats();
    expect(rest).to.deep.equal({
      users: { total: 0, active_24h: 0, new_24h: 0, online: 0, banned: 0 },
      rooms: { total: 0, public: 0, private: 0, direct: 0 },
      messages: { total: 0, last_24h: 0, last_hour: 0 },
      files: { total: 0, bytes: 0 },
    });
    expect(connections).to.deep.equal({ total: 0, by_node: {} });
    expect(Date.now() - Date.parse(generated_at)).to.be.lessThan(5000);
  });

  it('are for moderators and admins', async () => {
    await request(s.app).get('/admin/dashboard/stats').set(as('user')).expect(403);
    await request(s.app).get('/admin/dashboard/stats').set(anonymous()).expect(401);
  });

  it('count accounts by their newest state, in whatever order facts arrive', async () => {
    await handle('account.seen', { user_id: 'usr_old', at: ago(1) });
    await handle('account.updated', account('usr_old', { status: 'banned', created_at: ago(100), updated_at: ago(1) }));
    await handle('account.created', account('usr_old', { created_at: ago(100), updated_at: ago(100) }));
    await handle('account.created', account('usr_asleep', { created_at: ago(100), updated_at: ago(100) }));
    await handle('account.created', account('usr_new'));
    await handle('account.seen', { user_id: 'usr_unknown', at: ago(1) });
    expect((await stats()).users).to.deep.equal({ total: 3, active_24h: 2, new_24h: 1, online: 0, banned: 1 });
  });

  it('count no bots, whoever tells of them first', async () => {
    await handle('account.updated', account('usr_bot', { updated_at: ago(0) }));
    await handle('account.created', account('usr_bot', { kind: 'bot', created_at: ago(1), updated_at: ago(1) }));
    await handle('account.created', account('usr_bad_bot', { kind: 'bot', status: 'banned' }));
    await handle('account.created', account('usr_person', { kind: 'user' }));
    await handle('account.created', account('usr_off', { status: 'deactivated' }));
    expect((await stats()).users).to.deep.equal({ total: 2, active_24h: 2, new_24h: 2, online: 0, banned: 0 });
  });

  it('take one statement for many facts of accounts, and the newest of each counts', async () => {
    const many = Array.from({ length: 200 }, (_, i) =>
      account(`usr_${i % 50}`, { updated_at: ago(i < 150 ? 1 : 0), status: i < 150 ? 'active' : 'banned' }),
    );
    let queries = 0;
    await s.ctx.db.transaction(async (trx) => {
      trx.on('query', ({ sql }) => void (isOfRule(sql) && queries++));
      await handlers['account.created']?.(many as never, trx);
      await handlers['account.seen']?.(many.map(({ user_id }) => ({ user_id, at: ago(0) })) as never, trx);
    });
    expect(queries).to.equal(2);
    expect((await stats()).users).to.include({ total: 50, banned: 50, active_24h: 50 });
  });

  it('count rooms by kind; a deleted one stays deleted', async () => {
    await handle('room.created', { room_id: 'a', kind: 'public', created_at: ago(3) });
    await handle('room.updated', { room_id: 'b', kind: 'private', updated_at: ago(1) });
    await handle('room.created', { room_id: 'b', kind: 'public', created_at: ago(2) });
    await handle('room.created', { room_id: 'c', kind: 'direct', created_at: ago(2) });
    await handle('room.deleted', { room_id: 'd', deleted_at: ago(1) });
    await handle('room.created', { room_id: 'd', kind: 'public', created_at: ago(2) });
    expect((await stats()).rooms).to.deep.equal({ total: 3, public: 1, private: 1, direct: 1 });
  });

  it('are never below zero, though a deletion is told before its message', async () => {
    const messages = [{ id: 'm', room_id: 'r', created_at: ago(0.5), deleted_at: ago(0) }];
    await handle('messages.deleted', { messages });
    expect((await stats()).messages).to.deep.equal({ total: 0, last_24h: 0, last_hour: 0 });
    for (let i = 0; i < 2; i++) await handle('messages.created', { count: 1, created_at: ago(0.5) });
    expect((await stats()).messages).to.deep.equal({ total: 1, last_24h: 1, last_hour: 1 });
  });

  it('count messages of the hour and the day to the second, without deleted ones', async () => {
    const at = [0, 0.99, 1.01, 23.99, 24.01, 1000].map(ago);
    for (const created_at of at) await handle('messages.created', { count: 1, created_at });
    expect((await stats()).messages).to.deep.equal({ total: 6, last_24h: 4, last_hour: 2 });
    await handle('messages.deleted', {
      messages: [at[1], at[3], at[5]].map((created_at) => ({ id: 'm', room_id: 'r', created_at, deleted_at: ago(0) })),
    });
    expect((await stats()).messages).to.deep.equal({ total: 3, last_24h: 2, last_hour: 1 });
    await deleteOldSeconds(s.ctx.db);
    expect((await stats()).messages).to.deep.equal({ total: 3, last_24h: 2, last_hour: 1 });
  });

  it('count files and bytes; a file never counts when its deletion arrives first', async () => {
    await handle('file.created', { file_id: 'a', user_id: 'u', bytes: 100, created_at: ago(1) });
    await handle('file.created', { file_id: 'b', user_id: 'u', bytes: 3_000_000_000, created_at: ago(1) });
    await handle('file.deleted', { file_id: 'a', user_id: 'u', bytes: 100, deleted_at: ago(0) });
    await handle('file.deleted', { file_id: 'c', user_id: 'u', bytes: 5, deleted_at: ago(0) });
    await handle('file.created', { file_id: 'c', user_id: 'u', bytes: 5, created_at: ago(1) });
    expect((await stats()).files).to.deep.equal({ total: 1, bytes: 3_000_000_000 });
  });

  it('show connections and users as live nodes report them', async () => {
    await reportOnline(s.ctx.redis, 'n1', ['usr_a', 'usr_b'], []);
    await reportOnline(s.ctx.redis, 'n2', ['usr_b'], []);
    await reportAlive(s.ctx.redis, 'n1', { instance: 'realtime-1', connections: 3 });
    await reportAlive(s.ctx.redis, 'n2', { instance: 'realtime-2', connections: 1 });
    const { users, connections } = await stats();
    expect(users.online).to.equal(2);
    expect(connections).to.deep.equal({ total: 4, by_node: { 'realtime-1': 3, 'realtime-2': 1 } });
    for (const node of ['n1', 'n2']) await removeNode(s.ctx.redis, node);
  });

  it('are correct within 2 s after another service publishes a fact', async () => {
    const queueRedis = () => openQueueRedis(s.ctx.config.REDIS_URL, s.ctx.log);
    // A publisher with its own outbox in the same database: the test is about the queue.
    const teller = startFacts({
      keys: testKeys('message'),
      service: 'message',
      db: s.ctx.db,
      redis: s.ctx.redis,
      openQueueRedis: queueRedis,
      handlers: {},
      log: s.ctx.log,
      metrics: createMetrics('message', 'test'),
    });
    try {
      await s.ctx.db.transaction((trx) => recordFact(trx, 'messages.created', { count: 50, created_at: ago(0) }));
      teller.nudge();
      await eventually(async () => (await stats()).messages.last_hour === 50, 2000);
    } finally {
      await teller.close();
    }
  });
});
