import { expect } from 'chai';
import { type Account, type Json, loginAdmin, register, rest, say, unique } from '../support/client.ts';
import { dispose, ownCluster, type TestCluster } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { type Hostile, hostileRequests } from './documented.ts';

const AT_ONCE = 16;

describe('hostile input', () => {
  // A separate cluster, since accepted requests ban, mute and filter.
  let own: TestCluster;
  let admin: Account;
  let document: Json;
  let ids: Record<string, string>;
  before(async function () {
    this.timeout(60_000);
    own = await ownCluster({ REALTIME_NODES: '1' });
    admin = await loginAdmin(own.url);
    document = (await rest(undefined, own.url).get('/docs/openapi.json').expect(200)).body;
    const chat_id = unique('target');
    const message = await say(admin, { chat_id, content: 'target' }, own.url);
    ids = { rooms: chat_id, messages: message.id, users: admin.id, admin: (await register('victim', own.url)).id };
  });
  after(async function () {
    this.timeout(20_000);
    await dispose(own);
  });

  const send = ({ method, path, body }: Hostile): Promise<Response> =>
    fetch(own.url + path, {
      method: method.toUpperCase(),
      headers: {
        authorization: `Bearer ${admin.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body,
    });

  it('is refused or stored as it is: no documented route fails', async function () {
    this.timeout(120_000);
    const all = [...hostileRequests(document, ids)].filter(({ path }) => !path.startsWith('/users/me/password'));
    expect(all.length).to.be.greaterThan(2000);
    const failed: string[] = [];
    const work = async (): Promise<void> => {
      for (let one = all.pop(); one !== undefined; one = all.pop()) {
        // A busy machine may be too slow for one of many changes to the same room.
        let answer = await send(one);
        for (let again = 0; answer.status === 503 && again < 5; again++) answer = await send(one);
        const text = await answer.text();
        const tells = answer.status >= 400 && /node_modules|\.ts:\d|syntax|select /.test(text);
        if (answer.status >= 500 || tells)
          failed.push(
            `${one.method} ${one.path.slice(0, 100)} ${one.body?.slice(0, 100)} → ${answer.status} ${text.slice(0, 200)}`,
          );
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    expect(failed.slice(0, 20)).to.deep.equal([]);
  });

  it('makes nobody an admin: roles, ids and states in a body are refused, `__proto__` too', async () => {
    const ann = await register('ann', own.url);
    for (const field of ['role', 'status', 'id', 'email', 'is_admin', 'created_at'])
      expectError(await rest(ann, own.url).put('/users/me', { bio: 'x', [field]: 'admin' }), 400, 'VALIDATION_ERROR');
    for (const text of ['{"__proto__":{"role":"admin"}}', '{"bio":"x","constructor":{"prototype":{"role":"admin"}}}'])
      expectError(
        await rest(ann, own.url).put('/users/me').set('Content-Type', 'application/json').send(text),
        400,
        'VALIDATION_ERROR',
      );
    for (const field of ['sender_id', 'seq', 'id', 'created_at', 'status'])
      expectError(
        await rest(ann, own.url).post('/messages/', { chat_id: unique('mine'), content: 'x', [field]: 'admin' }),
        400,
        'VALIDATION_ERROR',
      );
    expect((await rest(ann, own.url).get('/users/me').expect(200)).body.role).to.equal('user');
  });
});
