// Statistics, audit log and health while processes die or hang, in a separate cluster.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@chatapi/kit/testing';
import { internalUrlOf, keySettingsIn } from '@chatapi/local';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { type Account, type Json, loginAdmin, register, rest, say } from '../support/client.ts';
import { dispose, nodesOf, ownCluster, type TestCluster } from '../support/cluster.ts';
import { doAll } from '../support/counted.ts';
import { expectError } from '../support/expects.ts';
import { freeze } from '../support/freeze.ts';
import { recount } from '../support/recount.ts';
import { closeAll, connect } from '../support/socket.ts';

const SETTLED_MS = 45_000;

describe('administration under faults', function () {
  this.timeout(120_000);
  let own: TestCluster;
  let db: Client;
  let admin: Account;
  let ann: Account;
  before(async () => {
    own = await ownCluster({ MESSAGE_INSTANCES: '2', GATEWAY_INSTANCES: '2', ALLOWED_FILE_TYPES: '.txt' });
    db = new Client(own.postgresUrl);
    db.on('error', () => undefined);
    await db.connect();
    [admin, ann] = [await loginAdmin(own.url), await register('ann', own.url)];
  });
  after(async () => {
    await db?.end();
    await dispose(own);
  });

  const stats = async (): Promise<Json> => (await rest(admin, own.url).get('/admin/dashboard/stats').expect(200)).body;
  const charted = async (): Promise<number> => {
    const { points } = (await rest(admin, own.url).get('/admin/dashboard/series?metric=messages').expect(200)).body;
    return points.reduce((sum: number, { value }: Json) => sum + value, 0);
  };
  const equalRecount = (ms: number): Promise<void> =>
    eventually(async () => {
      const { users, rooms, messages, files } = await stats();
      expect(await charted(), 'messages of the chart').to.equal(messages.total);
      const { online: _, ...counted } = users;
      expect({ users: counted, rooms, messages, files }).to.deep.equal(await recount(db));
    }, ms);
  const revived = async (name: string, before: number | undefined): Promise<void> => {
    await eventually(() => expect(own.pid(name)).to.not.be.oneOf([before, undefined]), SETTLED_MS);
    await own.waitReady(SETTLED_MS);
  };
  async function killAdmin(): Promise<void> {
    const before = own.pid('admin');
    own.kill('admin');
    await revived('admin', before);
  }

  const load = (n: number): Promise<void> => doAll(own.url, ann, n);
  let loads = 0;

  it('statistics equal a recount within 2 s of quiet, including the room general', async () => {
    await Promise.all([load(loads++), load(loads++), load(loads++)]);
    await equalRecount(2000);
    expect((await stats()).rooms.public).to.be.at.least(1);
  });

  it('kill -9 of admin under load neither loses nor duplicates a count', async () => {
    const work = Promise.all([load(loads++), load(loads++), load(loads++), load(loads++)]);
    await killAdmin();
    const more = load(loads++);
    await killAdmin();
    await Promise.all([work, more]);
    const quiet = Date.now();
    await equalRecount(SETTLED_MS);
    console.log(`      counts settled ${Date.now() - quiet} ms after the last act`);
  });

  it('facts that are delivered repeatedly, or lost by Redis, are counted once', async () => {
    const outboxes = ['auth', 'messages', 'files'].map((schema) => `update ${schema}.outbox set offered_at = null`);
    const again = setInterval(() => void db.query(outboxes.join(';')).catch(() => undefined), 100);
    const redis = new Redis(own.redisUrl);
    redis.on('error', () => undefined);
    try {
      const work = Promise.all([load(loads++), load(loads++), load(loads++), load(loads++)]);
      await new Promise((resolve) => setTimeout(resolve, 400));
      await redis.flushall();
      await work;
      await killAdmin();
    } finally {
      clearInterval(again);
      redis.disconnect();
    }
    await equalRecount(2 * SETTLED_MS);
  });

  it('a rebuild under load repairs a corrupted read model', async () => {
    await db.query(`
      delete from admin.accounts where user_id in (select user_id from admin.accounts limit 2);
      insert into admin.accounts (user_id, status, created_at) values ('usr_nobody', 'banned', now());
      update admin.rooms set deleted = true where room_id like 'load-%'; update admin.rooms set kind = 'direct' where room_id = 'general';
      insert into admin.rooms (room_id, kind) values ('nowhere', 'public');
      delete from admin.files; insert into admin.files (file_id, bytes) values ('file_none', 99);
      update admin.message_totals set count = 7; update admin.message_seconds set count = count + 1`);
    const work = Promise.all([load(loads++), load(loads++), load(loads++)]);
    for (let i = 0; i < 3; i++) await rest(admin, own.url).post('/admin/dashboard/stats/rebuild').expect(200);
    expectError(await rest(ann, own.url).post('/admin/dashboard/stats/rebuild'), 403, 'AUTHORIZATION_ERROR');
    await work;
    await equalRecount(SETTLED_MS);
  });

  it('the rebuild command works beside a running admin', async () => {
    await db.query('update admin.message_totals set count = 3; update admin.files set deleted = true');
    const inside = (dir: string): string =>
      own.instances
        .filter((one) => one.dir === dir)
        .map(internalUrlOf)
        .join();
    const env = {
      ...process.env,
      DATABASE_URL: own.postgresUrl,
      REDIS_URL: own.redisUrl,
      ...keySettingsIn(own.dataDir, 'admin'),
      AUTH_INTERNAL_URL: inside('auth'),
      MESSAGE_INTERNAL_URL: inside('message'),
      FILE_INTERNAL_URL: inside('file'),
    };
    const command = join(import.meta.dirname, '../../../services/admin/src/rebuild-main.ts');
    await promisify(execFile)(process.execPath, ['--conditions=source', command], { env, timeout: 40_000 });
    await equalRecount(SETTLED_MS);
  });

  it('an online user counts once over both nodes, and not at all within 2 s after their only node is killed or hangs', async () => {
    const [here, there] = nodesOf(own) as [string, string];
    const bob = await register('bob', own.url);
    const before = (await stats()).users.online;
    const online = (more: number): Promise<void> =>
      eventually(async () => {
        const { users, connections } = await stats();
        const counted = Object.values<number>(connections.by_node).reduce((a, b) => a + b, 0);
        expect([users.online, connections.total]).to.deep.equal([before + more, counted]);
      }, 2000);
    await connect(ann, here);
    const away = [await connect(ann, there), await connect(bob, there), await connect(bob, there)];
    await online(2);
    await away[2]?.close();
    await online(2);
    const pid = own.pid('realtime-2');
    own.kill('realtime-2');
    await online(1);
    await revived('realtime-2', pid);
    await connect(bob, there);
    await online(2);
    const thaw = freeze(own, 'realtime-1');
    try {
      await online(1);
    } finally {
      thaw();
    }
    await online(2);
    await closeAll();
    await online(0);
  });

  it('statistics work without Redis, except connections, and are complete again after its return', async () => {
    await equalRecount(SETTLED_MS);
    const before = await stats();
    const thaw = freeze(own, 'redis');
    try {
      const { users, connections, rooms, messages, files } = await stats();
      expect([users.online, connections]).to.deep.equal([null, { total: null, by_node: {} }]);
      expect({ rooms, files }).to.deep.equal({ rooms: before.rooms, files: before.files });
      expect([users.total, messages.total]).to.deep.equal([before.users.total, before.messages.total]);
      await say(ann, { chat_id: 'frozen', content: 'said meanwhile' }, own.url);
    } finally {
      thaw();
    }
    await equalRecount(SETTLED_MS);
    expect((await stats()).users.online).to.equal(before.users.online);
  });

  it('every action of an admin has its audit entry, though the admin service is killed meanwhile', async () => {
    const people: Account[] = [];
    for (let i = 0; i < 24; i++) people.push(await register('victim', own.url));
    const reports: string[] = [];
    for (const { id } of people) {
      const body = { target_type: 'user', target_id: id, reason: 'r' };
      reports.push((await rest(ann, own.url).post('/reports', body).expect(201)).body.id);
    }
    const acts = people.flatMap(({ id }, i) => [
      rest(admin, own.url).post(`/admin/users/${id}/ban`, { reason: 'r' }),
      rest(admin, own.url).post(`/admin/reports/${reports[i]}/resolve`),
      rest(admin, own.url).post('/admin/announcements', { text: `said ${i}` }),
    ]);
    let through = 0;
    const done = Promise.allSettled(
      acts.map(async (act) => {
        const { status } = await act;
        if (status < 300) through++;
      }),
    );
    // In the middle: some are done, some in progress, some not started.
    await eventually(() => expect(through).to.be.at.least(6), SETTLED_MS);
    await killAdmin();
    await done;
    const missing = async (sql: string): Promise<number> => Number((await db.query(sql)).rows[0].n);
    const row = (action: string, id: string): string =>
      `(select count(*) from audit.intents i where i.action = '${action}' and i.target_id = ${id})`;
    expect(
      await missing(
        `select count(*) n from auth.accounts a where status = 'banned' and ${row('user.ban', 'a.user_id')} = 0`,
      ),
    ).to.equal(0);
    // In one database an action and its audit entry are both there or both missing.
    for (const [table, action, where] of [
      ['reports', 'report.resolve', `status = 'resolved'`],
      ['announcements', 'announcement.post', 'true'],
    ] as const)
      expect(
        await missing(`select count(*) n from admin.${table} t where (${where})::int <> ${row(action, 't.id')}`),
      ).to.equal(0);
    expect(through, 'not all got through').to.be.below(acts.length);
  });

  it('the audit log can’t be changed, emptied or dropped by the service’s own role', async () => {
    await db.query('set role chatapi_admin');
    try {
      for (const table of ['audit.intents', 'audit.outcomes'])
        for (const sql of [
          `update ${table} set created_at = now()`,
          `delete from ${table}`,
          `truncate ${table} cascade`,
          `alter table ${table} disable trigger append_only`,
          `drop trigger append_only on ${table}`,
          `drop table ${table} cascade`,
        ]) {
          const error = await db.query(sql).then(
            () => undefined,
            (err: Error & { code: string }) => err,
          );
          expect(error?.code, sql).to.equal('42501');
        }
    } finally {
      await db.query('reset role');
    }
  });

  describe('system health', () => {
    const health = async (): Promise<{ body: Json; ms: number; status: number }> => {
      const started = Date.now();
      const { body, status } = await rest(admin, own.url).get('/admin/system/health');
      return { body, status, ms: Date.now() - started };
    };
    const one = (body: Json, name: string): Json => body.services.find((s: Json) => s.name === name);

    it('shows every instance, database, Redis, queues and disk with status, latency, version and uptime', async () => {
      const { body } = await health();
      expect(body.status).to.equal('ok');
      expect(body.services.map((s: Json) => s.name)).to.have.members(own.instances.map(({ name }) => name));
      for (const part of [...body.services, body.database, body.redis]) {
        expect(part).to.include({ status: 'ok' });
        expect(part.latency_ms).to.be.a('number');
        expect(part.version).to.match(/^\d+\.\d+/);
        expect(part.uptime_s).to.be.at.least(0);
      }
      expect(body.queues.counts).to.include.all.keys('facts-message', 'facts-admin', 'facts-file', 'file-thumbnails');
      expect(body.disk.status).to.equal('ok');
      expect(body.disk.free_bytes).to.be.within(1, body.disk.total_bytes);
    });

    for (const name of [
      'message-1',
      'auth',
      'file',
      'user',
      'realtime-1',
      'api-gateway-2',
      'redis',
      'postgres',
      'admin',
    ])
      it(`responds within 3 s while ${name} hangs, and reports it`, async () => {
        const thaw = freeze(own, name);
        try {
          const { body, status, ms } = await health();
          expect(ms).to.be.below(3000);
          if (name === 'admin') expect([status, body.code]).to.deep.equal([503, 'SERVICE_UNAVAILABLE']);
          else {
            expect(status).to.equal(200);
            expect(body.status).to.equal('degraded');
            const part = name === 'postgres' ? body.database : name === 'redis' ? body.redis : one(body, name);
            expect(part.status).to.equal('unavailable');
          }
        } finally {
          thaw();
        }
        await eventually(async () => expect((await health()).body.status).to.equal('ok'), SETTLED_MS);
      });
  });
});
