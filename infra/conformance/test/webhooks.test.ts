// A backend that hears by webhooks, answers by incoming ones, and judges messages by the hook.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { roomOf } from '../src/accounts.ts';
import { backendOf } from '../src/backend.ts';
import type { SdkError } from '../src/driver.ts';
import { failureOf } from '../src/failure.ts';
import type { Harness } from '../src/run-scenario.ts';
import { scenario } from '../src/scenario.ts';
import { createSemaphore } from '../src/semaphore.ts';

const KEY = ['webhooks:write', 'rooms:read', 'rooms:write', 'act_as'];
const HOLDS_MS = 1000;
const WAIT_MS = 30_000;

interface Got {
  headers: IncomingHttpHeaders;
  body: string;
}

/** @param answer what it says to a request. */
async function startReceiver(answer: (got: Got) => string) {
  const got: Got[] = [];
  const server = createServer(async (req, res) => {
    const one = { headers: req.headers, body: await text(req) };
    got.push(one);
    res.writeHead(200).end(answer(one));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, got, stop };
}

scenario(
  'a backend hears of a message by a webhook that it verifies, and answers by an incoming one',
  async (harness) => {
    const backend = await backendOf(harness, KEY);
    const ann = await harness.someone();
    const chat_id = await roomOf(ann);
    const receiver = await startReceiver(() => '');
    const { id: webhook_id, secret } = await backend('create_webhook', {
      url: receiver.url,
      events: ['message'],
      rooms: [chat_id],
    });
    try {
      const { id } = await ann.call('send', { chat_id, content: 'hello' });
      for (const end = Date.now() + WAIT_MS; receiver.got.length === 0 && Date.now() < end; ) await sleep(50);
      const { headers, body } = receiver.got[0] as Got;
      const event = await backend('verify_webhook', { headers, body, secret });
      expect([event.type, event.data.id, event.data.content]).to.deep.equal(['message', id, 'hello']);
      for (const wrong of [{ body: `${body} ` }, { secret: `whsec_${btoa('x'.repeat(32))}` }, { headers: {} }])
        expect((await failureOf(backend('verify_webhook', { headers, body, secret, ...wrong }))).code).to.equal(
          'AUTHENTICATION_ERROR',
        );
    } finally {
      await backend('delete_webhook', { webhook_id });
      receiver.stop();
    }
    const acting = { user_id: ann.id, chat_id };
    const hook = await backend('create_incoming', { ...acting, name: 'Echo' });
    expect(await backend('incoming', acting)).to.deep.equal([hook.id]);
    const post = (): Promise<Response> =>
      fetch(`${harness.cluster.url}${hook.url}`, {
        method: 'POST',
        body: new URLSearchParams({ payload: '{"text":"hi"}' }),
      });
    expect((await post()).status).to.equal(201);
    const log: string[][] = await ann.call('iterate', { chat_id });
    expect(log.map(([, , content]) => content)).to.have.members(['hello', 'hi']);
    await backend('delete_incoming', { ...acting, webhook_id: hook.id });
    expect((await post()).status).to.equal(404);
  },
);

/** The cluster has one such hook, and the SDKs run side by side. */
const alone = createSemaphore(1);

/** After five failures in a row, the hook is not asked for 10 s. */
const FAILING_MS = 120_000;

/** A busy machine may take longer than the timeout: then the outcome is 503, and no verdict. */
async function answered<T>(call: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + FAILING_MS; ; await sleep(HOLDS_MS)) {
    const outcome = await call().then(
      (value) => ({ value }),
      (error: SdkError) => ({ error }),
    );
    if ('value' in outcome) return outcome.value;
    if (outcome.error.code !== 'SERVICE_UNAVAILABLE' || Date.now() > end) throw outcome.error;
  }
}

async function judges(harness: Harness): Promise<void> {
  const backend = await backendOf(harness, KEY);
  const ann = await harness.someone();
  const chat_id = await roomOf(ann);
  const results = (body: string): object[] =>
    JSON.parse(body).data.messages.map(({ content }: { content: string }) =>
      content === 'bad'
        ? { action: 'reject', message: 'Not here' }
        : { action: 'replace', content: content.toUpperCase() },
    );
  const receiver = await startReceiver(({ body }) => JSON.stringify({ results: results(body) }));
  try {
    const made = await backend('put_hook', {
      url: receiver.url,
      timeout_ms: 1000,
      on_failure: 'reject',
      rooms: [chat_id],
    });
    await sleep(HOLDS_MS);
    expect((await backend('hook', {})).url).to.equal(receiver.url);
    expect((await answered(() => ann.call('send', { chat_id, content: 'good' }))).content).to.equal('GOOD');
    const refused = await failureOf(answered(() => ann.call('send', { chat_id, content: 'bad' })));
    expect(refused.code).to.equal('AUTHORIZATION_ERROR');
    expect(refused.message).to.contain('Not here');
    const socket = await ann.connect();
    await socket.ready();
    expect((await answered(() => socket.say({ chat_id, content: 'live' }))).seq).to.be.a('number');
    const failed = await failureOf(answered(() => socket.say({ chat_id, content: 'bad' })));
    expect(failed.details.reason).to.equal('rejected_by_hook');
    const { headers, body } = receiver.got[0] as Got;
    const asked = await backend('verify_webhook', { headers, body, secret: made.secret });
    expect(asked.type).to.equal('before_message');
  } finally {
    receiver.stop();
    await backend('delete_hook', {});
  }
}

scenario('a backend judges messages by the hook before them', (harness) => alone(1, () => judges(harness)));
