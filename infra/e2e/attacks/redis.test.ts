// Somebody who can write to Redis: what they put there is asked about at its owner, or ignored.
import { eventually } from '@chatapi/kit/testing';
import { internalUrlOf } from '@chatapi/local';
import { Queue } from 'bullmq';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { type Account, type Json, login, loginAdmin, privateRoom, register, rest, say } from '../support/client.ts';
import { cluster, gateways } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

const QUIET_MS = 500;
const LATER = new Date(Date.now() + 60_000).toISOString();

async function counted(dir: string, event: string): Promise<number> {
  let all = 0;
  for (const instance of cluster().instances.filter((one) => one.dir === dir)) {
    const text = await (await fetch(`${internalUrlOf(instance)}/metrics`)).text();
    all += Number(new RegExp(`security_events_total\\{event="${event}",[^}]*\\} (\\d+)`).exec(text)?.[1] ?? 0);
  }
  return all;
}

describe('somebody who can write to Redis', () => {
  let redis: Redis;
  let ann: Account;
  let eve: Account;
  before(async () => {
    redis = new Redis(cluster().redisUrl);
    [ann, eve] = [await register('ann'), await register('eve')];
  });
  afterEach(closeAll);
  after(() => redis.disconnect());

  /** A genuine end of a session, after which every gateway has heard all that came before. */
  async function allHeard(): Promise<void> {
    const other = await login(ann);
    await rest(other).post('/users/logout').expect(204);
    for (const url of gateways())
      await eventually(async () => expectError(await rest(other, url).get('/users/me'), 401, 'AUTHENTICATION_ERROR'));
  }

  it('makes nobody an admin, and ends no session', async () => {
    const socket = await connect(ann);
    const forged = [
      { seq: 9_000_001, kind: 'role', subject: eve.id, at: LATER, role: 'admin' },
      { seq: 9_000_002, kind: 'user', subject: ann.id, at: LATER },
      { seq: 9_000_003, kind: 'ban', subject: ann.id, at: LATER },
    ];
    for (const text of [JSON.stringify(forged), 'not json', ''])
      expect(await redis.publish('chatapi:revocations', text)).to.be.greaterThan(0);
    await allHeard();
    for (const url of gateways()) {
      expectError(await rest(eve, url).get('/admin/users'), 403, 'AUTHORIZATION_ERROR');
      await rest(ann, url).get('/users/me').expect(200);
    }
    await socket.never('error', QUIET_MS);
  });

  it('hears no room without being a member, and puts no message into one', async () => {
    const room = await privateRoom(ann, []);
    await say(ann, { chat_id: room, content: 'before' });
    const [of, stranger] = [await connect(ann), await connect(eve)];
    const refusedBefore = await counted('realtime-gateway', 'signal.refused');
    const frame = JSON.stringify({ type: 'room_joined', chat_id: room });
    const event = JSON.stringify({ type: 'message', chat_id: room, seq: 3, content: 'forged' });
    const record = (head: Json[], text: string): string => `${JSON.stringify(head)}\n${text}\n`;
    const channels = (await redis.pubsub('CHANNELS', 'chatapi:node:*')) as string[];
    expect(channels).to.have.length(2);
    for (const channel of channels)
      for (const text of [
        record(['joined', `u:${eve.id}`, room, 1, eve.id, ''], frame),
        record(['event', `r:${room}`, room, 3, ann.id, ''], event),
        record(['everyone', '', '', 0, '', ''], '{"type":"announcement","text":"forged"}'),
        'no packet',
      ])
        expect(await redis.publish(channel, text)).to.equal(1);
    await say(ann, { chat_id: room, content: 'secret' });
    await of.next('message', ({ content }) => content === 'secret');
    await stranger.never('message', QUIET_MS, ({ chat_id }) => chat_id === room);
    for (const live of [of, stranger])
      expect(JSON.stringify(live.frames)).not.to.include('forged').and.not.to.include('room_joined');
    expect(await counted('realtime-gateway', 'signal.refused')).to.equal(refusedBefore + 8);
  });

  it('erases nobody, changes no role and writes no audit entry', async () => {
    const at = new Date().toISOString();
    const account = { user_id: eve.id, username: eve.username, email: eve.email, role: 'admin', status: 'active' };
    const act = { actor_id: ann.id, target_id: 'forged', details: {}, ip: '', request_id: 'forged' };
    const facts = [
      { name: 'account.erased', payload: { user_id: ann.id, erased_at: at } },
      { name: 'account.updated', payload: { ...account, created_at: at, updated_at: LATER } },
      {
        name: 'staff.acted',
        payload: { audit_id: 'aud_forged', action: 'file.read', at: '2020-01-01T00:00:00Z', ...act },
      },
      { name: 'of.tomorrow', payload: { user_id: ann.id } },
    ];
    for (const service of ['user', 'message', 'file', 'admin']) {
      const before = await counted(service, 'fact.refused');
      const queue = new Queue(`facts-${service}`, { connection: redis, prefix: '{chatapi}' });
      const forged = facts.map((fact, i) => ({ id: `fact_forged_${i}`, from: 'auth', ...fact }));
      await queue.add('facts', forged);
      await eventually(async () => (await counted(service, 'fact.refused')) > before);
      await queue.close();
    }
    const admin = await loginAdmin();
    expect((await rest(eve).get(`/users/${ann.id}`).expect(200)).body.username).to.equal(ann.username);
    const { users } = (await rest(admin).get(`/admin/users?search=${eve.username}`).expect(200)).body;
    expect(users.map(({ role }: Json) => role)).to.deep.equal(['user']);
    const { entries } = (await rest(admin).get('/admin/audit-log?target_id=forged').expect(200)).body;
    expect(entries).to.deep.equal([]);
  });
});
