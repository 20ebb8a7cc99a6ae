import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { Client } from 'pg';
import { type Account, type Json, loginAdmin, register, rest, say, unique } from '../support/client.ts';
import { cluster, nodes } from '../support/cluster.ts';
import { expectError, TIME } from '../support/expects.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

/** The expected counts, from every service's own tables. */
async function recount(): Promise<Json> {
  const db = new Client(cluster().postgresUrl);
  await db.connect();
  try {
    const one = async (sql: string): Promise<number> => Number((await db.query(sql)).rows[0].n);
    return {
      accounts: await one('select count(*) n from auth.accounts'),
      messages: await one('select count(*) n from messages.messages where not is_deleted'),
      files: await one('select count(*) n from files.files where deleted_at is null'),
    };
  } finally {
    await db.end();
  }
}

describe('the admin API', () => {
  let admin: Account;
  let ann: Account;
  before(async () => {
    [admin, ann] = [await loginAdmin(), await register('ann')];
  });
  afterEach(closeAll);
  const stats = async (): Promise<Json> => (await rest(admin).get('/admin/dashboard/stats').expect(200)).body;

  it('has correct statistics within 2 s after accounts, rooms, messages, files and connections change', async () => {
    const before = await eventually(async () => {
      const [shown, counted] = [await stats(), await recount()];
      expect([shown.users.total, shown.messages.total, shown.files.total]).to.deep.equal([
        counted.accounts,
        counted.messages,
        counted.files,
      ]);
      // Sockets of earlier tests are closed.
      expect(shown.connections.total).to.equal(0);
      return shown;
    });
    const bob = await register('bob');
    const [open, hidden] = [unique('open'), unique('hidden')];
    await rest(ann).post('/rooms', { chat_id: hidden, visibility: 'private' }).expect(201);
    await say(ann, { chat_id: open, content: 'one' });
    const { id } = await say(ann, { chat_id: open, content: 'two' });
    await say(ann, { recipient_id: bob.id, content: 'three' });
    await rest(ann).delete(`/messages/${id}`).expect(204);
    await rest(ann).post('/files/upload').attach('file', Buffer.from('12345'), 'a.txt').expect(201);
    await Promise.all(nodes().map((url) => connect(bob, url)));
    await eventually(async () => {
      const now = await stats();
      const more = (path: string): number => {
        const [group, field] = path.split('.') as [string, string];
        return now[group][field] - before[group][field];
      };
      const change = Object.fromEntries(
        [
          'users.total',
          'users.new_24h',
          'users.online',
          'rooms.total',
          'rooms.public',
          'rooms.private',
          'rooms.direct',
          'messages.total',
          'files.total',
          'files.bytes',
          'connections.total',
        ].map((p) => [p, more(p)]),
      );
      expect(change).to.deep.equal({
        'users.total': 1,
        'users.new_24h': 1,
        'users.online': 1,
        'rooms.total': 3,
        'rooms.public': 1,
        'rooms.private': 1,
        'rooms.direct': 1,
        'messages.total': 2,
        'files.total': 1,
        'files.bytes': 5,
        'connections.total': 2,
      });
      expect(Object.keys(now.connections.by_node)).to.include.members(['realtime-1', 'realtime-2']);
      expect(now.generated_at).to.match(TIME);
    }, 2500);
  });

  it('lists users by search, status and role', async () => {
    const list = async (query: string): Promise<Json> =>
      (await rest(admin).get(`/admin/users?${query}`).expect(200)).body;
    const found = await list(`search=${ann.email}`);
    expect(found).to.deep.include({ total: 1, skip: 0, limit: 50 });
    expect(found.users[0]).to.include({ id: ann.id, email: ann.email, status: 'active', role: 'user' });
    expect((await list('role_filter=admin')).total).to.equal(1);
    expect((await list('search=%25')).total).to.equal(0);
    await rest(admin).post(`/admin/users/${ann.id}/ban`, { reason: 'r' }).expect(200);
    expect((await list(`status_filter=banned&search=${ann.username}`)).total).to.equal(1);
    await rest(admin).post(`/admin/users/${ann.id}/unban`).expect(200);
    expectError(await rest(admin).get('/admin/users?status_filter=odd'), 400, 'VALIDATION_ERROR');
  });

  it('is refused to users', async () => {
    const eve = await register('eve');
    for (const path of ['/admin/dashboard/stats', '/admin/users', '/admin/audit-log', '/admin/system/health'])
      expectError(await rest(eve).get(path), 403, 'AUTHORIZATION_ERROR');
  });

  it('records who did what to whom', async () => {
    const eve = await register('eve');
    await rest(admin)
      .post(`/admin/users/${eve.id}/ban`, { reason: 'noise' })
      .set('X-Request-Id', 'audit.me-1')
      .expect(200);
    await rest(admin).delete(`/admin/users/${eve.id}/sessions`).expect(204);
    const { entries } = (await rest(admin).get('/admin/audit-log?limit=10').expect(200)).body;
    const ban = entries.find((e: Json) => e.request_id === 'audit.me-1');
    expect(ban).to.include({ actor_id: admin.id, target_id: eve.id });
    expect(ban.action).to.include('ban');
    expect(JSON.stringify(ban.details)).to.include('noise');
    expect(ban).to.include.all.keys('id', 'ip', 'created_at');
    expect(entries.map((e: Json) => e.created_at)).to.deep.equal(
      entries
        .map((e: Json) => e.created_at)
        .sort()
        .reverse(),
    );
  });

  it('shows the health of every process with its name in cluster.json', async () => {
    const health = (await rest(admin).get('/admin/system/health').expect(200)).body;
    expect(health).to.include.all.keys('status', 'services', 'database', 'redis', 'queues', 'timestamp');
    expect(health.services.map((s: Json) => s.name)).to.have.members(cluster().instances.map(({ name }) => name));
    for (const service of health.services)
      expect(service).to.include.all.keys('name', 'status', 'latency_ms', 'version', 'uptime_s');
  });
});
