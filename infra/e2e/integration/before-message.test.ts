// The hook that is asked before messages. Its rooms are those of the test: others share the
// cluster.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { Webhook } from 'standardwebhooks';
import { type Account, type Json, loginAdmin, privateRoom, register, rest, say } from '../support/client.ts';
import { nodes } from '../support/cluster.ts';
import { expectError, expectInvalid } from '../support/expects.ts';
import { type Receiver, seqsTo, startReceiver } from '../support/receiver.ts';
import { connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

const PATH = '/admin/hooks/before-message';
/** Until a change holds on every instance. */
const HOLDS_MS = 1000;

type Draft = Json;

describe('the hook before messages', function () {
  this.timeout(90_000);
  let admin: Account;
  let ann: Account;
  let bob: Account;
  let room: string;
  let free: string;
  let receiver: Receiver;
  /** What it says of each draft. */
  let decide: (draft: Draft) => Json;
  before(async () => {
    [admin, ann, bob] = [await loginAdmin(), await register('ann'), await register('bob')];
  });
  beforeEach(async () => {
    [room, free] = [await privateRoom(ann, [bob], 'asked'), await privateRoom(ann, [bob], 'free')];
    receiver = await startReceiver();
    decide = () => ({ action: 'accept' });
    receiver.answer = ({ body }) => ({
      status: 200,
      body: JSON.stringify({ results: body.data.messages.map(decide) }),
    });
  });
  afterEach(async () => {
    await rest(admin).delete(PATH);
    receiver.stop();
  });

  async function put(more: object = {}): Promise<Json> {
    const body = { url: receiver.url, on_failure: 'reject', timeout_ms: 1000, rooms: [room], ...more };
    const hook = (await rest(admin).put(PATH, body).expect(200)).body;
    await sleep(HOLDS_MS);
    return hook;
  }
  const asked = (): Draft[] => receiver.received.flatMap(({ body }) => body.data.messages);
  const post = (content: string, more: object = {}) =>
    rest(ann).post('/messages/', { chat_id: room, content, ...more });

  it('accepts, rejects and replaces messages and edits, by REST and by socket alike', async () => {
    const { secret, ...shown } = await put();
    expect(shown).to.deep.include({ url: receiver.url, on_failure: 'reject', timeout_ms: 1000, rooms: [room] });
    decide = ({ content }) => {
      if (content.includes('spam')) return { action: 'reject', message: 'No spam here' };
      return content.includes('darn')
        ? { action: 'replace', content: content.replace('darn', '****') }
        : { action: 'accept' };
    };
    const good = (await post('hello', { client_id: 'c1' }).expect(201)).body;
    const refused = expectError(await post('spam'), 403, 'AUTHORIZATION_ERROR');
    expect(refused).to.deep.include({ message: 'No spam here', details: { reason: 'rejected_by_hook' } });
    expect((await post('darn it').expect(201)).body.content).to.equal('**** it');
    const live = await connect(ann);
    live.send({ chat_id: room, message: 'more spam', client_id: 's1' });
    const error = await live.next('error');
    expect(error).to.deep.include({ code: 'AUTHORIZATION_ERROR', message: 'No spam here', client_id: 's1' });
    expect(error.details).to.deep.equal({ reason: 'rejected_by_hook' });
    live.send({ chat_id: room, message: 'darn socket', client_id: 's2' });
    await live.next('ack', ({ client_id }) => client_id === 's2');
    expect((await live.next('message', ({ client_id }) => client_id === 's2')).content).to.equal('**** socket');
    expectError(await rest(ann).put(`/messages/${good.id}`, { content: 'spam now' }), 403, 'AUTHORIZATION_ERROR');
    const edited = (await rest(ann).put(`/messages/${good.id}`, { content: 'darn edit' }).expect(200)).body;
    expect(edited.content).to.equal('**** edit');
    expect(asked()[0]).to.deep.equal({
      action: 'send',
      chat_id: room,
      sender: { user_id: ann.id, role: 'user' },
      recipient_id: null,
      message_id: null,
      content: 'hello',
      message_type: 'text',
      attachments: [],
      reply_to: null,
      client_id: 'c1',
    });
    expect(asked().at(-1)).to.include({ action: 'edit', message_id: good.id, content: 'darn edit' });
    for (const { headers, text, body } of receiver.received) {
      expect(body.type).to.equal('before_message');
      expect(headers['webhook-id']).to.match(/^draft:[0-9a-f-]{36}$/);
      expect(() => new Webhook(secret).verify(text, headers as Record<string, string>)).to.not.throw();
    }
    await live.close();
  });

  it('is not asked for repeats of what was taken, nor in other rooms, and is for incoming webhooks', async () => {
    await put();
    await post('once', { client_id: 'c1' }).expect(201);
    decide = () => ({ action: 'reject' });
    await post('once', { client_id: 'c1' }).expect(200);
    const live = await connect(ann);
    live.send({ chat_id: room, message: 'once', client_id: 'c1' });
    await live.next('ack', ({ client_id }) => client_id === 'c1');
    await say(ann, { chat_id: free, content: 'unasked' });
    expect(asked()).to.have.length(1);
    const { body: hook } = await rest(ann).post(`/rooms/${room}/incoming-webhooks`, { name: 'Feed' }).expect(201);
    expectError(await rest().post(hook.url, { text: 'fed' }), 403, 'AUTHORIZATION_ERROR');
    expect(asked().at(-1)).to.deep.include({ content: 'fed', sender: { user_id: hook.bot_id, role: 'user' } });
    await live.close();
  });

  it('keeps the order of a person’s messages, and asks together about what comes together', async () => {
    await put();
    receiver.answer = async ({ body }) => {
      await sleep(Math.random() * 60);
      return { status: 200, body: JSON.stringify({ results: body.data.messages.map(decide) }) };
    };
    decide = ({ content }) => ({ action: content.endsWith('3') ? 'reject' : 'accept' });
    const people = await Promise.all([ann, bob].map((one, i) => connect(one, nodes()[i])));
    for (const [i, live] of people.entries())
      for (let n = 0; n < 20; n++) live.send({ chat_id: room, message: `${i} ${n}`, client_id: `c${n}` });
    const acked: Json[][] = [];
    for (const live of people) {
      for (let n = 0; n < 2; n++) await live.next('error');
      const acks = [];
      for (let n = 0; n < 18; n++) acks.push(await live.next('ack'));
      acked.push(acks);
    }
    for (const acks of acked) {
      expect(acks.map(({ client_id }) => Number(client_id.slice(1)))).to.deep.equal(
        Array.from({ length: 20 }, (_, n) => n).filter((n) => n % 10 !== 3),
      );
      const seqs = acks.map(({ seq }) => seq);
      expect(seqs).to.deep.equal(seqs.toSorted((a, b) => a - b));
    }
    const { body: log } = await rest(ann).get(`/rooms/${room}/events?limit=500`).expect(200);
    expect(log.events.map(({ seq }: Json) => seq)).to.deep.equal(seqsTo(log.last_seq));
    const before = receiver.received.length;
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => post(`together ${n}`)));
    expect(answers.filter(({ status }) => status === 201)).to.have.length(27);
    expect(receiver.received.length - before).to.be.lessThan(30);
    for (const live of people) await live.close();
  });

  it('holds up nobody else: other rooms are served while it hangs', async () => {
    await put();
    let release = (): void => undefined;
    const hanging = new Promise<void>((resolve) => {
      release = resolve;
    });
    receiver.answer = async () => {
      await hanging;
      return { status: 200, body: '{"results":[{"action":"accept"}]}' };
    };
    const live = await connect(ann);
    const other = await connect(bob);
    live.send({ chat_id: room, message: 'waits', client_id: 'w' });
    const waiting = post('waits too');
    let answered = 0;
    void waiting.then(() => answered++);
    for (let n = 0; n < 5; n++) {
      live.send({ chat_id: free, message: `${n}`, client_id: `f${n}` });
      other.send({ chat_id: free, message: `${n}`, client_id: `f${n}` });
    }
    await say(bob, { chat_id: free, content: 'by REST' });
    for (const one of [live, other]) for (let n = 0; n < 5; n++) await one.next('ack');
    const acks = [...live.frames, ...other.frames].filter(({ type }) => type === 'ack');
    expect(acks.map(({ chat_id }) => chat_id)).to.deep.equal(Array(10).fill(free));
    release();
    await Promise.all([live, other].map((one) => one.close()));
    expect(answered).to.be.oneOf([0, 1]);
    await waiting;
  });

  it('that fails decides by on_failure, and is left alone after five failures in a row', async () => {
    await put();
    receiver.answer = () => ({ status: 200, body: '{"results":[]}' });
    const refused = expectError(await post('x'), 503, 'SERVICE_UNAVAILABLE');
    expect(refused.details).to.deep.equal({ reason: 'hook_unavailable' });
    const live = await connect(ann);
    live.send({ chat_id: room, message: 'x', client_id: 'u' });
    expect(await live.next('error')).to.deep.include({
      code: 'SERVICE_UNAVAILABLE',
      client_id: 'u',
      details: { reason: 'hook_unavailable' },
    });
    for (const broken of [
      '',
      'null',
      '{"results":[{"action":"dance"}]}',
      '{"results":[{"action":"replace","content":""}]}',
    ]) {
      receiver.answer = () => ({ status: 200, body: broken });
      expectError(await post('x'), 503, 'SERVICE_UNAVAILABLE');
    }
    // A room has one home: all these were failures of one instance, unless it moved meanwhile.
    receiver.answer = () => ({ status: 500 });
    for (let n = 0; n < 12; n++) expectError(await post('x'), 503, 'SERVICE_UNAVAILABLE');
    const before = receiver.received.length;
    for (let n = 0; n < 5; n++) expectError(await post('x'), 503, 'SERVICE_UNAVAILABLE');
    expect(receiver.received).to.have.length(before);
    await put({ on_failure: 'accept' });
    await post('taken though it fails').expect(201);
    receiver.answer = () => undefined;
    await put({ on_failure: 'accept', timeout_ms: 50 });
    await post('taken though it hangs').expect(201);
    await live.close();
  });

  it('holds on every instance within a second, and ends so', async () => {
    const rooms = await Promise.all(Array.from({ length: 8 }, () => privateRoom(ann, [])));
    decide = () => ({ action: 'reject' });
    const hook = await put({ rooms });
    expect(hook.secret).to.match(/^whsec_/);
    const all = () => Promise.all(rooms.map((chat_id) => rest(ann).post('/messages/', { chat_id, content: 'x' })));
    for (const answer of await all()) expectError(answer, 403, 'AUTHORIZATION_ERROR');
    const again = await put({ rooms: rooms.slice(1) });
    expect(again).to.not.have.property('secret');
    expect((await all()).map(({ status }) => status)).to.deep.equal([201, ...Array(7).fill(403)]);
    expect((await rest(admin).get(PATH).expect(200)).body).to.deep.equal(again);
    await rest(admin).delete(PATH).expect(204);
    await sleep(HOLDS_MS);
    expect((await all()).map(({ status }) => status)).to.deep.equal(Array(8).fill(201));
    expectError(await rest(admin).get(PATH), 404, 'RESOURCE_NOT_FOUND');
    expectError(await rest(admin).delete(PATH), 404, 'RESOURCE_NOT_FOUND');
    const acts = ['hook.put', 'hook.delete'];
    await eventually(async () => {
      const { body } = await rest(admin).get('/admin/audit-log?limit=50').expect(200);
      expect(body.entries.map(({ action }: Json) => action)).to.include.members(acts);
    });
  });

  it('is set by admins only, at a URL that may be reached', async () => {
    const good = { url: receiver.url, on_failure: 'accept', rooms: [room] };
    expectError(await rest(ann).put(PATH, good), 403, 'AUTHORIZATION_ERROR');
    expectInvalid(await rest(admin).put(PATH, { ...good, url: 'http://10.0.0.1/' }), 'url');
    expectInvalid(await rest(admin).put(PATH, { ...good, timeout_ms: 1001 }), 'timeout_ms');
    expectInvalid(await rest(admin).put(PATH, { ...good, on_failure: 'perhaps' }), 'on_failure');
    expectInvalid(await rest(admin).put(PATH, { url: receiver.url }), 'on_failure');
    expectInvalid(await rest(admin).put(PATH, { ...good, retries: 3 }), 'retries');
  });
});
