import { once } from 'node:events';
import { enterTopics, removeNode, renewNode, userTopic } from '@chatapi/bus';
import { expect } from 'chai';
import { open, ready } from '../src/open.ts';
import { onlineAmong } from '../src/presence.ts';
import { upsertAccounts } from '../src/profile-store.ts';
import { account, at, openUser, type User } from './harness.ts';

describe('presence', () => {
  let user: User;
  before(async () => {
    user = await openUser();
    for (const name of ['here', 'gone', 'stale'])
      await upsertAccounts(user.ctx.db, [{ ...account(`usr_${name}`), display_name: name }]);
    // Commands are not queued while the connection is being established.
    if (user.ctx.redis.status !== 'ready') await once(user.ctx.redis, 'ready');
    await enterTopics(user.ctx.redis, 'node-alive', [userTopic('usr_here')]);
    await renewNode(user.ctx.redis, 'node-alive');
    await enterTopics(user.ctx.redis, 'node-dead', [userTopic('usr_stale')]);
  });
  after(async () => {
    await removeNode(user.ctx.redis, 'node-alive');
    await removeNode(user.ctx.redis, 'node-dead');
    await user.close();
  });
  const presence = async (id: string) => (await user.ask('get', `/users/${id}`, user.as('usr_gone'))).body.presence;
  const report = (offline: object[]) => user.inside('post', '/internal/presence').send({ offline });

  it('is online only on a node with a valid lease', async () => {
    expect((await presence('usr_here')).status).to.equal('online');
    expect(Date.now() - Date.parse((await presence('usr_here')).last_seen)).to.be.below(2000);
    expect((await presence('usr_stale')).status).to.equal('offline');
    const { body } = await user.ask('get', '/users?search=e', user.as('usr_here'));
    expect(body.users.map((u: { presence: { status: string } }) => u.presence.status)).to.deep.equal([
      'offline',
      'online',
      'offline',
    ]);
  });

  it('stores the latest last-seen time, in whatever order nodes report', async () => {
    expect(
      (
        await report([
          { user_id: 'usr_gone', last_seen: at(5) },
          { user_id: 'usr_gone', last_seen: at(7) },
          { user_id: 'usr_none', last_seen: at(1) },
        ])
      ).status,
    ).to.equal(204);
    await report([{ user_id: 'usr_gone', last_seen: at(6) }]);
    await report([]);
    expect(await presence('usr_gone')).to.deep.equal({ status: 'offline', last_seen: at(7) });
    expect((await report([{ user_id: 'usr_gone', last_seen: 'now' }])).status).to.equal(400);
  });

  it('is offline when Redis hangs or is away', async () => {
    const hanging = {
      status: 'ready',
      zrangebyscore: () => new Promise(() => undefined),
      hgetall: () => new Promise(() => undefined),
      hmget: () => new Promise(() => undefined),
    };
    expect((await onlineAmong(hanging as never, ['usr_here'])).size).to.equal(0);
    const failing = { ...hanging, hgetall: () => Promise.reject(new Error('away')) };
    expect((await onlineAmong(failing as never, ['usr_here'])).size).to.equal(0);
    const lonely = await openUser({ REDIS_URL: 'redis://127.0.0.1:1' });
    await upsertAccounts(lonely.ctx.db, [{ ...account('usr_here'), display_name: 'here' }]);
    const { body } = await lonely.ask('get', '/users/usr_here', lonely.as('usr_here'));
    await lonely.close();
    expect(body.presence.status).to.equal('offline');
  });

  it('the service is ready when its database is, and can start again after a failed attempt', async () => {
    await ready(user.ctx);
    const config = { ...user.ctx.config, DATABASE_URL: 'postgresql://x@127.0.0.1:1/x' };
    const failure = await open({ ...user.ctx, config }).catch((error: Error) => error);
    expect(failure).to.be.instanceOf(Error);
  });
});
