// Server-sent events over two gateways and two nodes.
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import EventSource from 'eventsource';
import { type Account, type Json, loginAdmin, privateRoom, register, rest, say, unique } from '../support/client.ts';
import { gateway, gateways, nodes } from '../support/cluster.ts';
import { closeStreams, listen, type Streamed } from '../support/event-stream.ts';
import { expectError } from '../support/expects.ts';
import '../support/shared-cluster.ts';

const upTo = (n: number, from = 1): number[] => Array.from({ length: n - from + 1 }, (_, i) => from + i);
const live = (stream: Streamed, times = 1) =>
  eventually(() => expect(stream.count('live')).to.be.greaterThanOrEqual(times));

async function ask(url: string, token: string, headers: Record<string, string> = {}): Promise<Json> {
  const all = { accept: 'text/event-stream', authorization: `Bearer ${token}`, ...headers };
  const answer = await fetch(url, { headers: all });
  const body = answer.ok ? undefined : await answer.json();
  await answer.body?.cancel().catch(() => undefined);
  return { status: answer.status, body, headers: Object.fromEntries(answer.headers) };
}

describe('streams of events', function () {
  this.timeout(60_000);
  let admin: Account;
  let ann: Account;
  let bob: Account;
  let room: string;
  const keys: string[] = [];
  const keyWith = async (...scopes: string[]): Promise<string> => {
    const { body } = await rest(admin)
      .post('/admin/keys', { name: unique('key'), scopes })
      .expect(201);
    keys.push(body.id);
    return body.key;
  };

  before(async () => {
    [admin, ann, bob] = [await loginAdmin(), await register('ann'), await register('bob')];
  });
  beforeEach(async () => {
    room = await privateRoom(ann, [bob], 'stream');
  });
  afterEach(async () => {
    closeStreams();
    for (const id of keys.splice(0)) await rest(admin).delete(`/admin/keys/${id}`);
  });

  it('of a room go on at the other gateway or node after the last id, like its log by REST', async () => {
    const first = await say(ann, { chat_id: room, content: 'one' });
    const stream = listen(bob.token, `/rooms/${room}/events?after_seq=0`);
    await live(stream);
    await rest(ann).put(`/messages/${first.id}`, { content: 'one, edited' }).expect(200);
    await rest(bob).put(`/messages/${first.id}/reactions/${encodeURIComponent('👍')}`);
    await eventually(() => expect(stream.seqs(room)).to.deep.equal(upTo(5)));
    stream.close();
    for (let i = 0; i < 5; i++) await say(ann, { chat_id: room, content: `missed ${i}` });
    const logged = (await rest(bob).get(`/rooms/${room}/events?after_seq=5`).expect(200)).body.events;
    for (const url of [...gateways(), ...nodes()]) {
      const next = listen(bob.token, `/rooms/${room}/events`, url, stream.lastId());
      await live(next);
      const frames = next.events.filter(({ type }) => type === 'message').map(({ data }) => data);
      expect(frames, url).to.deep.equal(logged);
    }
  });

  it('of a public room are for everybody, of a private one for members; keys read every room', async () => {
    const open = unique('open');
    await rest(ann).post('/rooms', { chat_id: open, visibility: 'public' }).expect(201);
    const [eve, key] = [await register('eve'), await keyWith('events:read')];
    const streams = [
      listen(eve.token, `/rooms/${open}/events`, nodes()[1]),
      listen(key, `/rooms/${open}/events?after_seq=0`),
      listen(key, `/rooms/${room}/events`, nodes()[0]),
    ] as const;
    for (const stream of streams) await live(stream);
    await say(ann, { chat_id: open, content: 'for all' });
    await say(ann, { chat_id: room, content: 'for us' });
    await eventually(() =>
      expect([streams[0].seqs(open), streams[1].seqs(open), streams[2].seqs(room)]).to.deep.equal([[2], [1, 2], [3]]),
    );
    for (const url of [gateway(), nodes()[0]]) {
      expectError(await ask(`${url}/rooms/${room}/events`, eve.token), 404, 'RESOURCE_NOT_FOUND');
      expectError(await ask(`${url}/rooms/none/events`, key), 404, 'RESOURCE_NOT_FOUND');
      const all = expectError(await ask(`${url}/events`, key), 403, 'AUTHORIZATION_ERROR');
      expect(all.details.reason).to.equal('key');
      const acting = await ask(`${url}/rooms/${room}/events`, key, { 'x-act-as': ann.id });
      expect(expectError(acting, 403, 'AUTHORIZATION_ERROR').details.reason).to.equal('act_as');
    }
    await rest(ann).put(`/rooms/${open}`, { visibility: 'private' }).expect(200);
    await eventually(() => expect(streams[0].count('close')).to.equal(1));
  });

  it('are refused with the error object: token, format, position, method', async () => {
    for (const url of [gateway(), nodes()[1]]) {
      expectError(await ask(`${url}/events`, 'nonsense'), 401, 'AUTHENTICATION_ERROR');
      expectError(await ask(`${url}/rooms/${room}/events?after_seq=x`, ann.token), 400, 'VALIDATION_ERROR');
      expectError(await ask(`${url}/events`, ann.token, { 'last-event-id': '?' }), 400, 'VALIDATION_ERROR');
      expectError(await ask(`${url}/events?since=1`, ann.token), 400, 'VALIDATION_ERROR');
      expectError(await ask(`${url}/events`, ann.token, { accept: 'application/json' }), 406, 'VALIDATION_ERROR');
    }
    const post = await rest(ann).post('/events');
    expectError(post, 405, 'METHOD_NOT_ALLOWED');
    expect(post.headers.allow).to.equal('GET, HEAD, OPTIONS');
  });

  it('are open to pages of allowed origins, by `EventSource` with the token in the URL', async () => {
    const headers = { origin: 'http://localhost:3000' };
    const answer = await ask(`${gateway()}/events?token=${ann.token}`, ann.token, headers);
    expect(answer.headers).to.include({
      'access-control-allow-origin': 'http://localhost:3000',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    const source = new EventSource(`${gateway()}/rooms/${room}/events?token=${bob.token}`);
    try {
      const event = await new Promise<Json>((resolve) => source.addEventListener('live', resolve));
      // A node that has just learned of the room begins before its first events.
      expect(Number(event.lastEventId)).to.be.within(0, 2);
    } finally {
      source.close();
    }
    expectError(
      await ask(`${gateway()}/events`, ann.token, { origin: 'http://evil.example' }),
      403,
      'AUTHORIZATION_ERROR',
    );
  });

  it('end within a second when the session ends or the user is banned', async () => {
    const [eve, dan] = [await register('eve'), await register('dan')];
    const [a, b] = [listen(eve.token, '/events'), listen(dan.token, '/events', nodes()[1])];
    await live(a);
    await live(b);
    const at = Date.now();
    await rest(admin).post(`/admin/users/${eve.id}/ban`, { reason: 'test' }).expect(200);
    await rest(dan).post('/users/logout').expect(204);
    await eventually(() => expect([a.count('close'), b.count('close')]).to.deep.equal([1, 1]));
    expect(Date.now() - at).to.be.lessThan(2500);
    const codes = [a, b].map(({ events }) => events.find(({ type }) => type === 'close')?.data.code);
    expect(codes).to.deep.equal([4403, 4401]);
  });

  it('of all rooms bear ephemeral frames, and miss and repeat nothing over 130 rooms and a new one', async () => {
    const eve = await register('eve');
    const rooms: string[] = [];
    for (let i = 0; i < 130; i++) rooms.push(await privateRoom(ann, [eve], 'many'));
    const first = listen(eve.token, '/events', gateways()[0]);
    await live(first);
    await say(ann, { recipient_id: eve.id, content: 'hello' });
    await eventually(() => expect(first.count('room_joined')).to.be.greaterThan(0));
    await say(ann, { chat_id: rooms[0], content: 'live' });
    await eventually(() => expect(first.seqs(rooms[0] as string)).to.deep.equal([3]));
    first.close();
    const joined = await privateRoom(ann, [eve], 'later');
    await Promise.all([...rooms, joined].map((chat_id) => say(ann, { chat_id, content: 'missed' })));
    const second = listen(eve.token, '/events', nodes()[1], first.lastId());
    await live(second);
    expect(second.seqs(rooms[0] as string)).to.deep.equal([4]);
    for (const id of rooms.slice(1)) expect(second.seqs(id), id).to.deep.equal([3]);
    expect(second.seqs(joined)).to.deep.equal([1, 2, 3]);
    expect(Math.max(...second.events.map(({ id }) => id.length))).to.be.lessThan(4096);
    const third = listen(eve.token, '/events', gateways()[1], second.lastId());
    await live(third);
    expect(third.events.filter(({ data }) => data.seq !== undefined)).to.deep.equal([]);
    expect(third.count('resync') + second.count('resync')).to.equal(0);
  });

  it('cut at random miss and repeat nothing, whichever node goes on', async () => {
    const eve = await register('eve');
    const rooms: string[] = [];
    for (let i = 0; i < 12; i++) rooms.push(await privateRoom(ann, [eve, bob], 'random'));
    let writing = true;
    const write = async (who: Account, nth: number): Promise<void> => {
      for (let i = nth; writing; i++) {
        const chat_id = rooms[(i * 7) % rooms.length] as string;
        const { id } = await say(who, { chat_id, content: `${i}` }, gateways()[i % 2]);
        if (i % 3 === 0) await rest(who).put(`/messages/${id}`, { content: `${i} again` });
        if (i % 4 === 0) await rest(who).put(`/messages/${id}/reactions/${encodeURIComponent('👍')}`);
      }
    };
    const got: { type: string; data: Json }[] = [];
    let id: string | undefined;
    const start = listen(eve.token, '/events');
    await live(start);
    id = start.lastId();
    start.close();
    const writers = Promise.all([write(ann, 0), write(bob, 1)]);
    const places = [...gateways(), ...nodes()];
    for (let round = 0; round < 12; round++) {
      const stream = listen(eve.token, '/events', places[round % places.length], id);
      const most = 3 + ((round * 13) % 40);
      await eventually(() => expect(stream.events.length).to.be.greaterThan(most));
      stream.close();
      const taken = stream.events.slice(0, most);
      got.push(...taken);
      id = taken.findLast((event) => event.id !== '')?.id ?? id;
    }
    writing = false;
    await writers;
    const last = listen(eve.token, '/events', places[0], id);
    await live(last);
    got.push(...last.events);
    for (const chat_id of rooms) {
      const { events } = (await rest(eve).get(`/rooms/${chat_id}/events?after_seq=3&limit=500`).expect(200)).body;
      const seqs = got.flatMap(({ type, data }) =>
        data.chat_id === chat_id && data.seq !== undefined && type !== 'message_status' ? [data.seq] : [],
      );
      // A node that has just learned of the room begins before its first messages.
      const begin = Math.min(seqs[0] ?? 4, 4);
      const logged = [...upTo(3), ...events.map((event: Json) => event.seq)];
      expect(seqs, chat_id).to.deep.equal(logged.filter((seq) => seq >= begin));
    }
    expect(got.length).to.be.greaterThan(100);
  });
});
