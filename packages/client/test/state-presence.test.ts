import { expect } from 'chai';
import { live } from '../src/state/index.ts';
import { answering, clientOf, FakeSocket, until } from './fake-server.ts';

const AT = '2026-01-01T12:00:00.000Z';
const HELLO = { type: 'hello', user_id: 'usr_me', server_time: AT, token_expires_at: '2099-01-01T00:00:00.000Z' };
const ANNA = { id: 'usr_a', username: 'anna', display_name: 'Anna', avatar_url: null, kind: 'user' };

describe('who is online', () => {
  it('is asked for at each connection, and not before: changes without one are not told', async () => {
    let status = 'online';
    const { asked, fetch } = answering(({ path }) => {
      if (!path.startsWith('/users?ids=')) return [200, { rooms: [], has_more: false, next_cursor: null, users: {} }];
      return [200, { users: [{ ...ANNA, presence: { status, last_seen: null } }] }];
    });
    const client = clientOf({ fetch, token: 't', retries: 0 });
    const count = (): number => asked.filter(({ path }) => path.startsWith('/users?ids=')).length;
    const presence = live(client).presence('usr_a');
    const known = FakeSocket.all.length;
    presence.subscribe(() => undefined);
    await until(() => FakeSocket.all.length > known);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(count()).to.equal(0);

    const connect = (): void => {
      FakeSocket.last.open();
      FakeSocket.last.say(HELLO);
    };
    connect();
    await until(() => presence.getSnapshot()?.status === 'online');
    expect(count()).to.equal(1);

    status = 'offline';
    FakeSocket.last.cut();
    await until(() => FakeSocket.all.length > known + 1);
    connect();
    await until(() => presence.getSnapshot()?.status === 'offline');
    expect(count()).to.equal(2);
    await client.close();
  });
});
