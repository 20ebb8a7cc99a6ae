import { expect } from 'chai';
import { type Account, login, privateRoom, register, rest, say, unique } from '../support/client.ts';
import { gateway, nodes } from '../support/cluster.ts';
import { expectError, expectMessage, TIME } from '../support/expects.ts';
import { closeAll, connect, refusedUpgrade, wsUrl } from '../support/socket.ts';
import '../support/shared-cluster.ts';

describe('the socket', () => {
  let ann: Account;
  let bob: Account;
  let room: string;
  before(async () => {
    [ann, bob] = [await register('ann'), await register('bob')];
  });
  beforeEach(async () => {
    room = await privateRoom(ann, [bob], 'live');
  });
  afterEach(closeAll);

  it('sends hello on the gateway and on both nodes, by id or `me`', async () => {
    const seen = new Set();
    for (const [url, id] of [
      [gateway(), ann.id],
      [nodes()[0], 'me'],
      [nodes()[1], ann.id],
    ] as const) {
      const { hello } = await connect(ann, url, id);
      expect(hello).to.include({ type: 'hello', user_id: ann.id });
      expect(hello).to.include.all.keys('connection_id', 'node', 'server_time', 'heartbeat_ms', 'token_expires_at');
      expect(hello.server_time).to.match(TIME);
      seen.add(hello.connection_id);
    }
    expect(seen.size).to.equal(3);
  });

  it('accepts the token in the header and in the protocol list', async () => {
    const { default: WebSocket } = await import('ws');
    const base = `${nodes()[0].replace('http', 'ws')}/ws/me`;
    for (const ws of [
      new WebSocket(base, { headers: { authorization: `Bearer ${ann.token}` } }),
      new WebSocket(base, ['bearer', ann.token]),
    ]) {
      const first = await new Promise<string>((resolve, reject) => {
        ws.once('message', (data) => resolve(String(data)));
        ws.once('error', reject);
      });
      expect(JSON.parse(first).type).to.equal('hello');
      ws.terminate();
    }
  });

  it('refuses upgrades with the error object', async () => {
    for (const url of [gateway(), nodes()[0]]) {
      const base = url.replace('http', 'ws');
      expectError(await refusedUpgrade(`${base}/ws/me`), 401, 'AUTHENTICATION_ERROR');
      expectError(await refusedUpgrade(wsUrl(url, 'nonsense')), 401, 'AUTHENTICATION_ERROR');
      expectError(await refusedUpgrade(wsUrl(url, ann.token, bob.id)), 403, 'AUTHORIZATION_ERROR');
      const evil = await refusedUpgrade(wsUrl(url, ann.token), { origin: 'https://evil.example' });
      expectError(evil, 403, 'AUTHORIZATION_ERROR');
      expectError(await refusedUpgrade(`${base}/elsewhere?token=${ann.token}`), 400, 'VALIDATION_ERROR');
    }
  });

  it('sends the ack before the frame, and the frame to every connection of every member on any node', async () => {
    const a = await connect(ann, nodes()[0]);
    const others = [
      await connect(await login(ann), nodes()[1]),
      await connect(bob, nodes()[0]),
      await connect(bob, nodes()[1]),
      await connect(bob, gateway()),
    ];
    a.send({ message: 'hello all', chat_id: room, client_id: 'c1' });
    const ack = await a.next('ack');
    expect(ack).to.include({ client_id: 'c1', chat_id: room, seq: 3 });
    expect(ack.message_id).to.match(/^msg_/);
    expect(ack.created_at).to.match(TIME);
    const own = await a.next('message');
    expect(a.frames.findIndex((f) => f.type === 'ack')).to.be.lessThan(a.frames.findIndex((f) => f.type === 'message'));
    for (const live of others)
      expectMessage(await live.next('message'), {
        id: ack.message_id,
        chat_id: room,
        seq: 3,
        content: 'hello all',
        sender_id: ann.id,
      });
    expect(own).to.include({ id: ack.message_id, seq: 3 });
  });

  it('keeps the order of pipelined sends', async () => {
    const [a, b] = [await connect(ann, nodes()[0]), await connect(bob, nodes()[1])];
    for (let i = 0; i < 100; i++) a.send({ message: `p${i}`, chat_id: room, client_id: `p${i}` });
    await b.next('message', (m) => m.content === 'p99');
    const got = b.frames.filter((f) => f.type === 'message').map((m) => m.content);
    expect(got).to.deep.equal(Array.from({ length: 100 }, (_, i) => `p${i}`));
  });

  it('delivers REST sends, edits, reactions, deletes and room changes in seq order', async () => {
    const lives = await Promise.all(nodes().map((url) => connect(bob, url)));
    const { id } = await say(ann, { chat_id: room, content: 'one' });
    await rest(ann).put(`/messages/${id}`, { content: 'uno' }).expect(200);
    await rest(bob).put(`/messages/${id}/reactions/${encodeURIComponent('🎉')}`);
    await rest(bob)
      .delete(`/messages/${id}/reactions/${encodeURIComponent('🎉')}`)
      .expect(204);
    await rest(ann).delete(`/messages/${id}`).expect(204);
    await rest(ann).put(`/rooms/${room}`, { topic: 'changes' }).expect(200);
    for (const live of lives) {
      await live.next('room_updated', (f) => f.chat_id === room);
      const durable = live.frames.filter((f) => f.chat_id === room && f.seq > 2 && f.type !== 'message_status');
      expect(durable.map((f) => [f.type, f.seq])).to.deep.equal([
        ['message', 3],
        ['message_updated', 4],
        ['reaction', 5],
        ['reaction', 6],
        ['message_deleted', 7],
        ['room_updated', 8],
      ]);
      const [, updated, added, removed, deleted, changed] = durable;
      expect(updated).to.include({ message_id: id, content: 'uno', is_edited: true });
      expect(added).to.include({ message_id: id, user_id: bob.id, emoji: '🎉', action: 'added' });
      expect(removed).to.include({ action: 'removed' });
      expect(deleted).to.include({ message_id: id });
      expect(changed).to.include({ topic: 'changes' });
    }
  });

  it('sends no event when nothing changes', async () => {
    const { id } = await say(ann, { chat_id: room, content: 'x' });
    await rest(ann).delete(`/messages/${id}`).expect(204);
    await rest(ann).delete(`/messages/${id}`).expect(204);
    await rest(bob).post(`/rooms/${room}/join`).expect(204);
    expect((await rest(ann).get(`/rooms/${room}`).expect(200)).body.last_seq).to.equal(4);
  });

  it('answers ping, and refuses bad frames without closing', async () => {
    const a = await connect(ann);
    a.send({ type: 'ping' });
    await a.next('pong');
    for (const bad of [
      '{"message":',
      '[]',
      '"text"',
      '{"type":"nonsense"}',
      '{"message":7}',
      Buffer.from([1, 2, 3]),
      '{"message":"x","colour":"red"}',
    ]) {
      a.send(bad);
      expect((await a.next('error')).code, String(bad)).to.equal('VALIDATION_ERROR');
    }
    a.send({ message: 'x', chat_id: unique('no way').replace('-', ' '), client_id: 'k1' });
    expect(await a.next('error')).to.include({ code: 'VALIDATION_ERROR', client_id: 'k1' });
    const secret = unique('secret');
    await rest(await register('eve'))
      .post('/rooms', { chat_id: secret, visibility: 'private' })
      .expect(201);
    a.send({ message: 'x', chat_id: secret, client_id: 'k2' });
    expect(await a.next('error')).to.include({ code: 'RESOURCE_NOT_FOUND', client_id: 'k2' });
    a.send({ message: 'still here', chat_id: room });
    await a.next('ack');
  });

  it('closes with 1008 after ten bad frames in a row, with 1009 over 64 KiB', async () => {
    const a = await connect(ann);
    for (let i = 0; i < 9; i++) a.send('bad');
    a.send({ type: 'ping' });
    await a.next('pong');
    for (let i = 0; i < 10; i++) a.send('bad');
    expect((await a.closed).code).to.equal(1008);
    const b = await connect(bob);
    b.send({ message: 'x'.repeat(65 * 1024) });
    expect((await b.closed).code).to.equal(1009);
  });

  it('closes the oldest connection of a user with 4429 when the 21st opens', async () => {
    const many = await register('many');
    const first = await connect(many);
    for (let i = 0; i < 20; i++) await connect(many, nodes()[i % 2]);
    expect((await first.closed).code).to.equal(4429);
  });
});
