import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Messages, openMessages } from './harness.ts';

describe('sending', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  it('the first message creates a public room owned by its sender, and 201 returns the message of the log', async () => {
    const { status, body } = await m.send('usr_a', {
      chat_id: 'first',
      content: 'Hello everyone!',
      message_type: 'text',
    });
    expect([status, body.seq, body.content, body.status, body.chat_id]).to.deep.equal([
      201,
      2,
      'Hello everyone!',
      'sent',
      'first',
    ]);
    const [joined, message] = await m.log('first');
    expect(joined).to.deep.equal({ type: 'member_joined', chat_id: 'first', seq: 1, user_id: 'usr_a', role: 'owner' });
    expect(message).to.deep.equal({ type: 'message', ...body });
    expect(Object.keys(message as object)[0]).to.equal('type');
    const again = await m.ask('usr_a', 'get', `/messages/${body.id}`);
    expect(again.body).to.deep.equal(body);
  });

  it('sending to a public room joins it, with member_joined before the message', async () => {
    await m.send('usr_a', { chat_id: 'open', content: 'x' }).expect(201);
    await m.send('usr_b', { chat_id: 'open', content: 'y' }).expect(201);
    expect((await m.log('open')).map(({ type, seq }) => `${seq} ${type}`)).to.deep.equal([
      '1 member_joined',
      '2 message',
      '3 member_joined',
      '4 message',
    ]);
  });

  it('any user can send to general, without a member_joined event', async () => {
    const { body } = await m.send('usr_a', { chat_id: 'general', content: 'x' }).expect(201);
    expect(body.seq).to.equal(1);
    expect((await m.log('general')).length).to.equal(1);
  });

  it('300 sends, each three times at once on two instances, create 300 messages with equal responses', async () => {
    const twin = await m.twin();
    const answers = await Promise.all(
      Array.from({ length: 900 }, async (_, i) => {
        const n = i % 300;
        const through = i % 2 === 0 ? m : twin;
        const send = {
          sender_id: `usr_${n % 7}`,
          role: 'user',
          origin: '',
          request_id: '',
          body: { chat_id: `storm${n % 5}`, content: `c${n}`, client_id: `k${n}` },
        };
        // A busy database may refuse some for now: a client sends those again.
        const result = await eventually(async () => {
          const { body } = await through.inside('post', '/internal/sends', { node: 'node', sends: [send] });
          const [one] = body.results;
          return one.error?.code === 'SERVICE_UNAVAILABLE' ? false : one;
        });
        const { repeated: _r, frame: _f, version: _v, ...rest } = result as any;
        return { n, text: JSON.stringify(rest), ok: rest.ok as boolean };
      }),
    );
    await twin.close();
    expect(
      answers.every(({ ok }) => ok),
      JSON.stringify(answers.find(({ ok }) => !ok)),
    ).to.equal(true);
    for (const [, same] of Map.groupBy(answers, ({ n }) => n))
      expect(new Set(same.map(({ text }) => text)).size).to.equal(1);
    for (let room = 0; room < 5; room++) {
      const events = await m.log(`storm${room}`);
      expect(events.map(({ seq }) => seq)).to.deep.equal(events.map((_, i) => i + 1));
      expect(events.filter(({ type }) => type === 'message').length).to.equal(60);
    }
  }).timeout(30_000);

  it('a retry with the same client_id or Idempotency-Key returns 200 and the first message; another body is CONFLICT', async () => {
    const first = await m.send('usr_a', { chat_id: 'idem', content: 'x', client_id: 'k1' }).expect(201);
    const second = await m.send('usr_a', { chat_id: 'idem', content: 'x', client_id: 'k1' }).expect(200);
    expect(second.body).to.deep.equal(first.body);
    await m.send('usr_a', { chat_id: 'idem', content: 'x' }).set('Idempotency-Key', 'k1').expect(200);
    await m.send('usr_a', { chat_id: 'idem', content: 'other', client_id: 'k1' }).expect(409);
    await m.send('usr_a', { chat_id: 'idem', content: 'x', client_id: 'k1' }).set('Idempotency-Key', 'k2').expect(400);
    await m.send('usr_b', { chat_id: 'idem', content: 'other', client_id: 'k1' }).expect(201);
  });

  it('a retry after an edit is still the same send', async () => {
    const { body } = await m.send('usr_a', { chat_id: 'idem', content: 'first', client_id: 'k9' }).expect(201);
    await m.ask('usr_a', 'put', `/messages/${body.id}`, { content: 'changed' }).expect(200);
    const again = await m.send('usr_a', { chat_id: 'idem', content: 'first', client_id: 'k9' }).expect(200);
    expect([again.body.id, again.body.content]).to.deep.equal([body.id, 'changed']);
  });

  it('a refused send does not use its client_id', async () => {
    await m.ask('usr_a', 'post', '/rooms', { chat_id: 'closed', visibility: 'private' }).expect(201);
    await m.send('usr_b', { chat_id: 'closed', content: 'x', client_id: 'k' }).expect(404);
    await m.ask('usr_a', 'post', '/rooms/closed/members', { user_id: 'usr_b' }).expect(201);
    await m.send('usr_b', { chat_id: 'closed', content: 'y', client_id: 'k' }).expect(201);
  });

  it('an invalid message of a batch fails alone, and the results keep their order', async () => {
    const bodies = [
      { chat_id: 'mix', content: 'a' },
      { chat_id: 'mix' },
      { chat_id: 'closed', content: 'x' },
      { chat_id: 'mix', content: 'b', reply_to: 'msg_none' },
      'nonsense',
      { chat_id: 'mix', content: 'c', attachments: ['file_ghost'] },
      { chat_id: 'mix', content: 'd' },
    ];
    const sends = bodies.map((body) => ({ sender_id: 'usr_c', role: 'user', origin: 'con_1', request_id: 'r', body }));
    const { body } = await m.inside('post', '/internal/sends', { node: 'node', sends }).expect(200);
    const seen = body.results.map((r: any) => (r.ok ? r.seq : r.error.code));
    expect(seen).to.deep.equal([
      2,
      'VALIDATION_ERROR',
      'RESOURCE_NOT_FOUND',
      'VALIDATION_ERROR',
      'VALIDATION_ERROR',
      'RESOURCE_NOT_FOUND',
      3,
    ]);
  });

  it('retries in a batch of several rooms return their first messages and leave no gap', async () => {
    const send = (chat_id: string, client_id: string, content = 'x') => ({
      sender_id: 'usr_c',
      role: 'user',
      origin: 'con_1',
      request_id: 'r',
      body: { chat_id, content, client_id },
    });
    const seqsOf = async (sends: unknown[]): Promise<unknown[]> => {
      const { body } = await m.inside('post', '/internal/sends', { node: 'node', sends }).expect(200);
      return body.results.map((r: any) => (r.ok ? [r.chat_id, r.seq, r.frame !== ''] : r.error.code));
    };
    const [[, first]] = (await seqsOf([send('among', 'k1'), send('beside', 'k1')])) as [[string, number]];
    const mixed = [send('among', 'k2'), send('beside', 'k1'), send('among', 'k1', 'other'), send('beside', 'k2')];
    expect(await seqsOf([...mixed, send('among', 'k3'), send('among', 'k1')])).to.deep.equal([
      ['among', first + 1, true],
      ['beside', first, false],
      'CONFLICT',
      ['beside', first + 1, true],
      ['among', first + 2, true],
      ['among', first, false],
    ]);
  });

  it('a row that PostgreSQL refuses fails alone', async () => {
    await m.ctx.db.raw(`alter table messages add constraint no_poison check (content <> 'poison')`);
    const sends = ['a', 'poison', 'b'].map((content) => ({
      sender_id: 'usr_a',
      role: 'user',
      body: { chat_id: 'poisoned', content },
    }));
    const { body } = await m.inside('post', '/internal/sends', { node: 'node', sends }).expect(200);
    expect(body.results.map((r: any) => r.ok)).to.deep.equal([true, false, true]);
    await m.ctx.db.raw('alter table messages drop constraint no_poison');
  });

  it('both users of a direct conversation share one room that nobody else can read', async () => {
    const there = await m.send('usr_a', { recipient_id: 'usr_b', content: 'hi' }).expect(201);
    const back = await m.send('usr_b', { recipient_id: 'usr_a', content: 'ho' }).expect(201);
    expect(back.body.chat_id).to.equal(there.body.chat_id);
    expect([there.body.recipient_id, back.body.recipient_id]).to.deep.equal(['usr_b', 'usr_a']);
    const seen = await m.ask('usr_a', 'get', '/messages/?recipient_id=usr_b').expect(200);
    expect(seen.body.messages.map((one: any) => one.content)).to.deep.equal(['ho', 'hi']);
    await m.ask('usr_c', 'get', `/messages/?chat_id=${there.body.chat_id}`).expect(404);
    await m.send('usr_c', { chat_id: there.body.chat_id, content: 'me too' }).expect(404);
    await m.ask('usr_a', 'post', `/rooms/${there.body.chat_id}/members`, { user_id: 'usr_c' }).expect(403);
    await m.send('usr_a', { recipient_id: 'usr_ghost', content: 'hi' }).expect(404);
    await m.send('usr_a', { recipient_id: 'usr_a', content: 'note' }).expect(201);
    const none = await m.ask('usr_a', 'get', '/messages/?recipient_id=usr_new').expect(200);
    expect(none.body).to.deep.equal({ messages: [], users: {}, has_more: false, next_cursor: null, last_seq: 0 });
  });

  it('@username adds the user to the mentions', async () => {
    await m.ask('usr_bob', 'get', '/rooms').expect(200);
    await m.ctx.db('people').insert({ user_id: 'usr_bob', username: 'Bob', account_at: new Date() });
    const { body } = await m.send('usr_a', { chat_id: 'named', content: 'ask @bob. or mail x@bob.org' }).expect(201);
    expect(body.mentions).to.deep.equal(['usr_bob']);
  });

  it('interested nodes get committed events in order with the text of the log, and the rows are marked', async () => {
    const node = await m.listen(['r:live', 'u:usr_a']);
    const began = Date.now();
    await Promise.all(Array.from({ length: 50 }, (_, i) => m.send('usr_a', { chat_id: 'live', content: `m${i}` })));
    await eventually(() => node.records.filter(({ kind }) => kind === 'event').length === 51);
    expect(node.records[0]).to.include({ kind: 'joined', topic: 'u:usr_a', room: 'live' });
    const events = node.records.filter(({ kind }) => kind === 'event');
    expect(events.map(({ seq }) => seq)).to.deep.equal(events.map((_, i) => i + 1));
    // For the metrics of the nodes.
    for (const { committedAt } of events) expect(committedAt).to.be.within(began, Date.now());
    const { body } = await m.inside('post', '/internal/events', { rooms: [{ id: 'live', after: 0, limit: 100 }] });
    expect(events.map(({ frame }) => frame.toString())).to.deep.equal(body.rooms[0].events.map((e: any) => e.frame));
    await eventually(async () => (await m.ctx.db('unpublished').count({ n: '*' }))[0]?.n === 0);
    node.stop();
  });

  it('the sending node gets its events in the response, other nodes by signal', async () => {
    const [asking, other] = [await m.listen(['r:asked']), await m.listen(['r:asked'])];
    const sends = ['x', 'y'].map((content) => ({
      sender_id: 'usr_a',
      role: 'user',
      origin: 'con_1',
      request_id: '',
      body: { chat_id: 'asked', content, client_id: content },
    }));
    const ask = () => m.inside('post', '/internal/sends', { node: asking.id, sends }).expect(200);
    const { body } = await ask();
    await eventually(() => other.records.length === 3); // includes the sender's join
    const frames = (await m.log('asked')).filter(({ type }) => type === 'message');
    expect(body.results.map(({ frame }: any) => JSON.parse(frame))).to.deep.equal(frames);
    expect(other.records.slice(1).map(({ frame }) => JSON.parse(frame.toString()))).to.deep.equal(frames);
    await eventually(() => asking.records.length === 1);
    const again = (await ask()).body.results;
    expect(again.map(({ seq, frame }: any) => [seq, frame])).to.deep.equal([
      [2, ''],
      [3, ''],
    ]);
    expect(asking.records.map(({ seq }) => seq)).to.deep.equal([1]);
    asking.stop();
    other.stop();
  });

  it('a sweep publishes the events that a crashed instance left', async () => {
    const { body } = await m.send('usr_a', { chat_id: 'swept', content: 'x' }).expect(201);
    const node = await m.listen(['r:swept']);
    await m.ctx.db('unpublished').insert({ id: 'left', room_ids: ['swept'], first_seqs: [2], last_seqs: [2] });
    await eventually(() => node.records.length > 0, 3000);
    expect(JSON.parse(node.records[0]?.frame.toString() ?? '')).to.include({ id: body.id });
    await eventually(async () => (await m.ctx.db('unpublished').count({ n: '*' }))[0]?.n === 0);
    node.stop();
  });

  it('an instance with an outdated access cache reads the room again', async () => {
    const twin = await m.twin();
    await m
      .ask('usr_a', 'post', '/rooms', { chat_id: 'moved', visibility: 'private', member_ids: ['usr_b'] })
      .expect(201);
    await twin.send('usr_b', { chat_id: 'moved', content: 'x' }).expect(201);
    await m.ask('usr_a', 'delete', '/rooms/moved/members/usr_b').expect(204);
    await twin.send('usr_b', { chat_id: 'moved', content: 'y' }).expect(404);
    await m.ask('usr_a', 'delete', '/rooms/moved').expect(204);
    await twin.send('usr_a', { chat_id: 'moved', content: 'z' }).expect(404);
    await twin.ask('usr_a', 'post', '/rooms', { chat_id: 'moved' }).expect(409);
    await twin.close();
  });

  it('invalid bodies are VALIDATION_ERROR and store nothing', async () => {
    const bad = [
      {},
      { chat_id: 'x' },
      { content: 'x' },
      { chat_id: 'x', recipient_id: 'usr_b', content: 'x' },
      { chat_id: '-x', content: 'x' },
      { chat_id: 'x', content: 'x', extra: 1 },
      { chat_id: 'x', content: 5 },
      { chat_id: 'x', content: '<script></script>' },
      { chat_id: 'x', content: 'é'.repeat(4001) },
      { chat_id: 'x', content: 'x', message_type: 'system' },
      { chat_id: 'x', content: 'x', client_id: '' },
      { chat_id: 'x', content: 'x', client_id: 'y'.repeat(65) },
      { chat_id: 'x', content: 'x', client_id: 'a\0b' },
      { chat_id: 'x', content: 'x', attachments: ['file_1', 'file_1'] },
    ];
    for (const body of bad) {
      const answer = await m.send('usr_a', body);
      expect([answer.status, answer.body.code], JSON.stringify(body)).to.deep.equal([400, 'VALIDATION_ERROR']);
    }
    await m.ask('usr_a', 'get', '/messages/?chat_id=x').expect(404);
    await m.send('usr_a', { chat_id: 'dm:nobody', content: 'x' }).expect(404);
  });
});
