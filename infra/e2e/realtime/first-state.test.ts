// What an app needs at its start and to stay right: names, state, read positions, and changes of
// people, over two nodes.
import { setTimeout as sleep } from 'node:timers/promises';
import { live } from '@chatapi/client/state';
import { expect } from 'chai';
import { type Account, type Json, register, rest, say, unique } from '../support/client.ts';
import { gateway, nodes } from '../support/cluster.ts';
import { TIME } from '../support/expects.ts';
import { PNG } from '../support/images.ts';
import { clientAt, closeClients } from '../support/sdk.ts';
import { closeAll, connect, type Live } from '../support/socket.ts';
import '../support/shared-cluster.ts';

const ROOMS = 1000;

describe('the start of an app', () => {
  let ann: Account;
  let bob: Account;
  beforeEach(async () => {
    [ann, bob] = [await register('ann'), await register('bob')];
  });
  afterEach(closeAll);
  afterEach(closeClients);

  async function makeRooms(live: Live, n: number): Promise<string[]> {
    const ids = Array.from({ length: n }, () => unique('start'));
    for (let i = 0; i < n; i += 50) {
      const some = ids.slice(i, i + 50);
      for (const chat_id of some) live.send({ message: `first of ${chat_id}`, chat_id, client_id: chat_id });
      await Promise.all(some.map((id) => live.next('ack', ({ client_id }) => client_id === id, 60_000)));
    }
    return ids;
  }

  it('with 1,000 rooms costs two REST requests and a page of state for 200 rooms each', async function () {
    this.timeout(240_000);
    const ids = await makeRooms(await connect(ann), ROOMS);
    closeAll();
    let requests = 0;
    requests++;
    const { body: session } = await rest()
      .post('/users/login', { username_or_email: ann.username, password: ann.password })
      .expect(200);
    const live = await connect({ ...ann, token: session.access_token }, nodes()[1]);
    const rooms = new Map<string, Json>();
    const users: Json = {};
    let cursor: string | null = null;
    let pages = 0;
    do {
      live.send({ type: 'state', limit: 200, ...(cursor === null ? {} : { cursor }) });
      const page = await live.next('state');
      for (const room of page.rooms) rooms.set(room.chat_id, room);
      Object.assign(users, page.users);
      cursor = page.next_cursor;
      pages++;
    } while (cursor !== null);
    requests++;
    const { body: history } = await rest(ann).get(`/messages/?chat_id=${ids[0]}`).expect(200);
    expect([requests, pages]).to.deep.equal([2, Math.ceil((ROOMS + 1) / 200)]);
    for (const id of ids) expect(rooms.get(id)?.last_message.content, id).to.equal(`first of ${id}`);
    expect(users[ann.id]).to.deep.equal(history.users[ann.id]);
    expect(history.users[ann.id]).to.deep.equal({
      username: ann.username,
      display_name: history.users[ann.id].display_name,
      avatar_url: null,
      kind: 'user',
    });
  });

  it('with 1,000 rooms costs an app on the stores at most five REST requests', async function () {
    this.timeout(240_000);
    const ids = await makeRooms(await connect(ann), ROOMS);
    closeAll();
    const requests: string[] = [];
    const counting: typeof fetch = (input, init) => {
      requests.push(`${init?.method} ${new URL(String(input)).pathname}`);
      return fetch(input, init);
    };
    const client = clientAt(gateway(), { fetch: counting });
    await client.users.login({ username_or_email: ann.username, password: ann.password });
    const chat = live(client);
    const room = chat.room(ids[0] as string);
    const stores = [chat.rooms(), chat.badges(), room, chat.members(room.chatId), chat.presence(ann.id)];
    for (const store of stores) store.subscribe(() => undefined);
    for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50))
      if (chat.rooms().getSnapshot().status === 'ready' && room.getSnapshot().status === 'ready') break;
    const rooms = new Map(
      chat
        .rooms()
        .getSnapshot()
        .rooms.map((one) => [one.chat_id, one.last_message?.content]),
    );
    for (const id of ids) expect(rooms.get(id), id).to.equal(`first of ${id}`);
    expect(room.getSnapshot().messages.map(({ sender }) => sender?.username)).to.deep.equal([ann.username]);
    await sleep(500);
    expect(requests.length, requests.join()).to.be.at.most(5);
    expect(requests).to.not.include('GET /rooms');
  });

  it('has no gap between the state and the events, while others write', async () => {
    const room = (await say(ann, { recipient_id: bob.id, content: '0' })).chat_id;
    let writing = true;
    const sent: string[] = ['0'];
    const writer = (async () => {
      for (let i = 1; writing || i < 20; i++) {
        await say(ann, { recipient_id: bob.id, content: String(i) });
        sent.push(String(i));
      }
    })();
    for (const url of nodes()) {
      const live = await connect(bob, url);
      for (let i = 0; i < 3; i++) {
        live.send({ type: 'state' });
        const state = await live.next('state');
        const from = state.rooms.find(({ chat_id }: Json) => chat_id === room).last_seq;
        const after = () => {
          const at = live.frames.indexOf(state);
          return live.frames
            .slice(at + 1)
            .flatMap(({ type, chat_id, seq }) => (type === 'message' && chat_id === room ? [seq] : []));
        };
        await live.next('message', ({ chat_id, seq }) => chat_id === room && seq > from + 2);
        const seqs = after().filter((seq) => seq > from);
        expect(seqs).to.deep.equal(seqs.map((_, n) => from + 1 + n));
      }
    }
    writing = false;
    await writer;
  });

  it('all devices of a user, on all nodes, hear how far the user has read, and after a resume too', async () => {
    const message = await say(ann, { recipient_id: bob.id, content: 'one' });
    await say(ann, { recipient_id: bob.id, content: 'two' });
    const [here, there] = [await connect(bob, nodes()[0]), await connect(bob, nodes()[1])];
    here.send({ type: 'read', chat_id: message.chat_id, seq: message.seq });
    const read = await there.next('read');
    expect(read).to.include({
      chat_id: message.chat_id,
      read_seq: message.seq,
      unread_count: 1,
      last_seq: message.seq + 1,
    });
    expect(read.timestamp).to.match(TIME);
    await here.never('read', 300);
    await rest(bob)
      .put(`/rooms/${message.chat_id}/read`, { seq: message.seq + 1 })
      .expect(204);
    for (const live of [here, there])
      expect(await live.next('read')).to.include({ read_seq: message.seq + 1, unread_count: 0 });
    const back = await connect(bob, nodes()[0]);
    back.send({ type: 'resume', rooms: { [message.chat_id]: message.seq + 1 } });
    const { rooms } = await back.next('resumed');
    expect(rooms[message.chat_id]).to.include({ complete: true, read_seq: message.seq + 1, unread_count: 0 });
    back.send({ type: 'state' });
    const state = await back.next('state');
    expect(state.presence[ann.id].status).to.be.oneOf(['online', 'offline']);
  });

  it('a new name is told to who sees the person, on all nodes, and stands in lists', async () => {
    const { chat_id } = await say(ann, { recipient_id: bob.id, content: 'hi' });
    const [a, b] = [await connect(ann, nodes()[0]), await connect(bob, nodes()[1])];
    const avatar_url = 'https://example.org/ann.png';
    await rest(ann).put('/users/me', { display_name: 'Ann the First', avatar_url }).expect(200);
    const mine = { user_id: ann.id, username: ann.username, display_name: 'Ann the First', avatar_url, kind: 'user' };
    for (const live of [a, b])
      expect(
        await live.next('user_updated', (frame) => frame.user_id === ann.id && frame.avatar_url !== null),
      ).to.include(mine);
    const { body } = await rest(bob).get(`/messages/?chat_id=${chat_id}`).expect(200);
    expect(body.users[ann.id]).to.include({ display_name: 'Ann the First', avatar_url });
    const { body: people } = await rest(bob).get(`/users?ids=${ann.id},${bob.id}`).expect(200);
    expect(people.users.map(({ id }: Json) => id)).to.deep.equal([ann.id, bob.id]);
  });

  it('an avatar is public, lasts until it is replaced, and is told to who sees the person', async () => {
    await say(ann, { recipient_id: bob.id, content: 'hi' });
    const b = await connect(bob, nodes()[1]);
    const put = async (bytes: Buffer): Promise<string> => {
      const form = new FormData();
      form.append('file', new Blob([new Uint8Array(bytes)]), 'me.png');
      const headers = { Authorization: `Bearer ${ann.token}` };
      const answer = await fetch(`${gateway()}/users/me/avatar`, { method: 'PUT', headers, body: form });
      expect(answer.status).to.equal(200);
      return ((await answer.json()) as Json).avatar_url;
    };
    const avatar_url = await put(PNG);
    expect(avatar_url).to.match(/^\/avatars\/usr_/);
    expect((await b.next('user_updated', (frame) => frame.avatar_url !== null)).avatar_url).to.equal(avatar_url);
    const shown = await fetch(gateway() + avatar_url);
    expect([shown.status, shown.headers.get('content-type')]).to.deep.equal([200, 'image/webp']);
    await rest(ann).delete('/users/me/avatar').expect(204);
    expect((await rest(ann).get('/users/me').expect(200)).body.avatar_url).to.equal(null);
    expect((await fetch(gateway() + avatar_url)).status).to.equal(404);
  });

  it('who stops typing is told to have stopped', async () => {
    const { chat_id } = await say(ann, { recipient_id: bob.id, content: 'hi' });
    const [a, b] = [await connect(ann, nodes()[0]), await connect(bob, nodes()[1])];
    a.send({ type: 'typing', chat_id });
    expect(await b.next('typing')).to.include({ user_id: ann.id, expires_in_ms: 6000 });
    a.send({ type: 'typing', chat_id, stop: true });
    expect(await b.next('typing')).to.include({ user_id: ann.id, expires_in_ms: 0 });
  });
});
