// The hook before messages, with a stub of the integration service.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, type StubServer, startStubServer } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { createAskBatches, type HookDraft, type HookResult } from '../src/before-message/ask-batches.ts';
import { createCircuit } from '../src/before-message/circuit.ts';
import { type Messages, openMessages } from './harness.ts';

const draft = (content: string): HookDraft => ({
  action: 'send',
  chat_id: 'room',
  sender: { user_id: 'usr_a', role: 'user' },
  recipient_id: null,
  message_id: null,
  content,
  message_type: 'text',
  attachments: [],
  reply_to: null,
  client_id: null,
});

describe('a circuit', () => {
  it('opens for 10 s after five failures in a row, again after one more, and closes with a success', () => {
    let now = 1000;
    const circuit = createCircuit(() => now);
    for (let n = 0; n < 4; n++) circuit.failed();
    circuit.succeeded();
    for (let n = 0; n < 4; n++) circuit.failed();
    expect([circuit.closed(), circuit.isFailing()]).to.deep.equal([true, false]);
    circuit.failed();
    expect([circuit.closed(), circuit.isFailing()]).to.deep.equal([false, true]);
    now += 9999;
    expect(circuit.closed()).to.equal(false);
    now += 1;
    expect([circuit.closed(), circuit.isFailing()]).to.deep.equal([true, true]);
    circuit.failed();
    expect(circuit.closed()).to.equal(false);
    now += 10_000;
    circuit.succeeded();
    expect([circuit.closed(), circuit.isFailing()]).to.deep.equal([true, false]);
  });
});

describe('asking together', () => {
  const accept: HookResult = { action: 'accept' };

  it('takes what comes in a turn into one request, up to 50 messages or 24 KiB', async () => {
    const sizes: number[] = [];
    const { ask } = createAskBatches(async (drafts) => {
      sizes.push(drafts.length);
      return drafts.map(() => accept);
    });
    await Promise.all(Array.from({ length: 120 }, () => ask(draft('x'))));
    expect(sizes).to.deep.equal([50, 50, 20]);
    await Promise.all(Array.from({ length: 3 }, () => ask(draft('x'.repeat(20_000)))));
    expect(sizes.slice(3)).to.deep.equal([2, 1]);
    await Promise.all(Array.from({ length: 9 }, () => ask({ ...draft('x'), custom: { a: 'x'.repeat(4000) } })));
    expect(sizes.slice(5)).to.deep.equal([7, 2]);
  });

  it('has at most eight requests under way, and gives up what has waited for a second', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let most = 0;
    let running = 0;
    const { ask } = createAskBatches(async (drafts) => {
      most = Math.max(most, ++running);
      await held;
      running--;
      return drafts.map(() => accept);
    });
    const big = 'x'.repeat(24 * 1024);
    const answers = Array.from({ length: 9 }, () => ask(draft(big)));
    await sleep(1100);
    release();
    expect(await Promise.all(answers)).to.deep.equal([...Array(8).fill(accept), undefined]);
    expect(most).to.equal(8);
  });

  it('has no result for any of a batch that failed', async () => {
    const { ask } = createAskBatches(async () => {
      throw new Error('away');
    });
    expect(await Promise.all([ask(draft('a')), ask(draft('b'))])).to.deep.equal([undefined, undefined]);
  });
});

describe('a message service with a hook', function () {
  this.timeout(30_000);
  let integration: StubServer;
  let answer: (drafts: HookDraft[]) => { status: number; body: object };
  let asked: HookDraft[];
  let one: Messages;
  let two: Messages;
  const accepted = (drafts: HookDraft[]) => ({
    status: 200,
    body: { results: drafts.map(() => ({ action: 'accept' })) },
  });
  before(async () => {
    // No RPC here: the client falls back to HTTP.
    integration = await startStubServer((req, res) => {
      if (req.method !== 'POST') return void res.writeHead(404).end();
      let text = '';
      req.on('data', (chunk) => (text += chunk));
      req.on('end', () => {
        const { messages } = JSON.parse(text) as { messages: HookDraft[] };
        asked.push(...messages);
        const { status, body } = answer(messages);
        res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    one = await openMessages({ INTEGRATION_INTERNAL_URL: integration.url });
    two = await one.twin();
  });
  beforeEach(() => {
    [answer, asked] = [accepted, []];
  });
  after(async () => {
    await two?.close();
    await one?.close();
    await integration?.stop();
  });

  let revision = 10;
  const set = async (hook: object | null): Promise<void> => {
    await one.inside('post', '/internal/before-message-hook', { revision: ++revision, hook }).expect(204);
    await eventually(() => two.ctx.beforeMessage.asksFor('hooked') === (hook !== null));
  };
  const HOOK = { timeout_ms: 500, on_failure: 'reject', rooms: ['hooked'] };

  it('has it on every instance, and an older one changes nothing', async () => {
    await set(HOOK);
    await one.inside('post', '/internal/before-message-hook', { revision: revision - 1, hook: null }).expect(204);
    expect(one.ctx.beforeMessage.asksFor('hooked')).to.equal(true);
    for (const { ctx } of [one, two]) expect(ctx.beforeMessage.asksFor('other')).to.equal(false);
  });

  it('sets aside what it must ask about, and takes the rest', async () => {
    await set(HOOK);
    const post = (chat_id: string) => ({
      sender_id: 'usr_a',
      role: 'user',
      request_id: 'req_1',
      body: JSON.stringify({ chat_id, content: 'x' }),
    });
    const posts = [post('hooked'), post('free'), post('hooked')];
    const ask = async (may_wait?: boolean) =>
      (await one.inside('post', '/internal/posts', { node: 'gw', posts, may_wait }).expect(200)).body.answers;
    const [first, second, third] = await ask(false);
    expect([first, third]).to.deep.equal([{ aside: true }, { aside: true }]);
    expect(second.status).to.equal(201);
    expect(asked).to.deep.equal([]);
    // As a gateway of the release before asks.
    expect((await ask()).map(({ status }: { status: number }) => status)).to.deep.equal([201, 201, 201]);
    expect(asked).to.have.length(2);
    const body = {
      node: 'n',
      may_wait: false,
      sends: [{ ...post('hooked'), origin: '', body: { chat_id: 'hooked', content: 'x' } }],
    };
    expect((await one.inside('post', '/internal/sends', body).expect(200)).body.results).to.deep.equal([
      { aside: true },
    ]);
  });

  it('asks again about a message that was refused, and not about one that was taken', async () => {
    await set(HOOK);
    const send = { chat_id: 'hooked', content: 'once', client_id: 'c1' };
    answer = () => ({ status: 200, body: { results: [{ action: 'reject' }] } });
    await one.send('usr_a', send).expect(403);
    answer = () => ({ status: 200, body: { results: [{ action: 'replace', content: 'other' }] } });
    expect((await two.send('usr_a', send).expect(201)).body.content).to.equal('other');
    answer = () => ({ status: 500, body: {} });
    expect((await one.send('usr_a', send).expect(200)).body.content).to.equal('other');
    await one.send('usr_a', { ...send, content: 'other' }).expect(409);
    expect(asked.map(({ content }) => content)).to.deep.equal(['once', 'once']);
  });

  const results = (...list: object[]) => {
    answer = () => ({ status: 200, body: { results: list } });
  };

  it('shows custom to it, which may replace it, alone or with the text', async () => {
    await set(HOOK);
    const send = { chat_id: 'hooked', content: 'text', custom: { a: 1 } };
    results({ action: 'replace', custom: { b: [null] } });
    const { body } = await one.send('usr_a', send).expect(201);
    expect(body).to.deep.include({ content: 'text', custom: { b: [null] } });
    results({ action: 'replace', custom: {} });
    expect((await one.send('usr_a', send).expect(201)).body).to.not.have.property('custom');
    results({ action: 'replace', content: 'other' });
    expect((await one.send('usr_a', send).expect(201)).body).to.deep.include({ content: 'other', custom: { a: 1 } });
    results({ action: 'accept' });
    await one.send('usr_a', { chat_id: 'hooked', content: 'without' }).expect(201);
    expect(asked.map(({ custom }) => custom)).to.deep.equal([{ a: 1 }, { a: 1 }, { a: 1 }, undefined]);
  });

  it('does as on_failure says when it replaces custom by what no message can have', async () => {
    await set(HOOK);
    for (const custom of [{ a: 'x'.repeat(4096) }, { a: [[[[[]]]]] }]) {
      results({ action: 'replace', content: 'fine', custom });
      const { body } = await one.send('usr_a', { chat_id: 'hooked', content: 'x' }).expect(503);
      expect(body.details).to.deep.equal({ reason: 'hook_unavailable' });
    }
  });

  it('is asked about an edit with what the patch makes of custom, and may replace that', async () => {
    await set(HOOK);
    const send = { chat_id: 'hooked', content: 'text', custom: { a: 1, b: 2 } };
    const { id } = (await one.send('usr_a', send).expect(201)).body;
    const put = (custom: object) => one.ask('usr_a', 'put', `/messages/${id}`, { custom });
    await put({ a: null }).expect(200);
    expect(asked.at(-1)).to.deep.include({ action: 'edit', message_id: id, content: 'text', custom: { b: 2 } });
    results({ action: 'replace', content: 'other', custom: { c: 3 } });
    expect((await put({ a: 4 }).expect(200)).body).to.deep.include({ content: 'other', custom: { c: 3 } });
    results({ action: 'reject', message: 'no' });
    expect((await put({ c: null }).expect(403)).body.details).to.deep.equal({ reason: 'rejected_by_hook' });
    expect((await one.ask('usr_a', 'get', `/messages/${id}`).expect(200)).body.custom).to.deep.equal({ c: 3 });
    await put({ c: 3 }).expect(200);
    expect(asked).to.have.length(4);
  });

  it('is asked again about an edit when another one came first: it has seen all that is stored', async () => {
    await set(HOOK);
    const { id } = (await one.send('usr_a', { chat_id: 'hooked', content: 'x' }).expect(201)).body;
    const edits = ['a', 'b', 'c'].map((key, i) =>
      (i % 2 ? one : two).ask('usr_a', 'put', `/messages/${id}`, { custom: { [key]: 1 } }).expect(200),
    );
    await Promise.all(edits);
    const stored = (await one.log('hooked')).filter((frame) => frame.message_id === id);
    const seen = asked.map(({ custom }) => JSON.stringify(custom));
    expect(stored.map(({ custom }) => Object.keys(custom).length)).to.deep.equal([1, 2, 3]);
    for (const { custom } of stored) expect(seen).to.include(JSON.stringify(custom));
  });

  it('does as on_failure says while integration is away', async () => {
    await set({ ...HOOK, on_failure: 'accept' });
    answer = () => ({ status: 503, body: {} });
    await one.send('usr_a', { chat_id: 'hooked', content: 'x' }).expect(201);
    await set(HOOK);
    const refused = await one.send('usr_a', { chat_id: 'hooked', content: 'x' }).expect(503);
    expect(refused.body.details).to.deep.equal({ reason: 'hook_unavailable' });
    await set(null);
    await one.send('usr_a', { chat_id: 'hooked', content: 'x' }).expect(201);
  });
});
