// The TypeScript SDK against a real cluster: what an app goes through, with no code of its own for it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChatApiError, StoredSend } from '@chatapi/client';
import { readClusterFile } from '@chatapi/local';
import { expect } from 'chai';
import { dispose, doorsOf, ownCluster, type TestCluster } from './cluster.ts';
import { type Network, openNetwork } from './network.ts';
import { clientAt, closeClients, roomOf, shortLived, someone, View } from './sdk.ts';

const SECRET = 'known-to-the-test-so-that-tokens-can-end-early';

const caught = (call: Promise<unknown>): Promise<ChatApiError> =>
  call.then(
    () => Promise.reject(new Error('it was not refused')),
    (error) => error,
  );

describe('the TypeScript SDK', function () {
  this.timeout(90_000);
  let own: TestCluster;
  let url: string;
  let network: Network;

  before(async () => {
    own = await ownCluster({ JWT_SECRET_KEY: SECRET, ALLOWED_FILE_TYPES: '.jpg,.png,.pdf,.txt' });
    url = doorsOf(own)[0] as string;
    network = await openNetwork(url);
  });
  afterEach(closeClients);
  after(async () => {
    await network?.close();
    await dispose(own);
  });

  it('loses, doubles and misorders nothing over cuts, what was sent meanwhile included', async () => {
    const owner = await someone(url);
    const reader = await someone(network.url);
    const room = await roomOf(owner, reader);
    const ws = reader.client.websocket.connect(reader.id, { maxDelayMs: 500 });
    const view = new View(ws, room);
    await ws.ready(10_000);
    for (let round = 0; round < 3; round++) {
      network.cut();
      const sending = ws.send({ chat_id: room, content: `sent while it was cut ${round}` });
      for (let i = 0; i < 30; i++) await owner.client.messages.send({ chat_id: room, content: `m${round}-${i}` });
      network.mend();
      expect((await sending).content).to.equal(`sent while it was cut ${round}`);
    }
    const { seq } = await owner.client.messages.send({ chat_id: room, content: 'last' });
    await view.reaches(seq);
    expect(view.contents).to.have.length(3 * 31 + 1);
    expect(view.contents.filter((content) => content.startsWith('sent while'))).to.have.length(3);
  });

  it('has a conversation that began while it was away', async () => {
    const writer = await someone(url);
    const reader = await someone(network.url);
    const ws = reader.client.websocket.connect(undefined, { maxDelayMs: 500 });
    await ws.ready(10_000);
    network.cut();
    const first = await writer.client.messages.send({ recipient_id: reader.id, content: 'are you there?' });
    await writer.client.messages.send({ recipient_id: reader.id, content: 'hello?' });
    const heard: string[] = [];
    ws.on('message', ({ chat_id, content }) => void (chat_id === first.chat_id && heard.push(content)));
    network.mend();
    for (const end = Date.now() + 20_000; heard.length < 2 && Date.now() < end; ) await sleep(20);
    expect(heard).to.deep.equal(['are you there?', 'hello?']);
  });

  it('has every view equal to the log when both nodes are killed under load', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => someone(url)));
    const [owner, ...others] = people as [(typeof people)[0], ...typeof people];
    const room = await roomOf(owner, ...others);
    const sockets = people.map(({ client }) => client.websocket.connect(undefined, { maxDelayMs: 2000 }));
    const views = sockets.map((ws) => new View(ws, room));
    await Promise.all(sockets.map((ws) => ws.ready(20_000)));
    const until = Date.now() + 5000;
    const loads = sockets.map(async (ws, who) => {
      let count = 0;
      for (; Date.now() < until; await sleep(50)) await ws.send({ chat_id: room, content: `${who}-${count++}` });
      return count;
    });
    for (const node of ['realtime-1', 'realtime-2']) {
      await sleep(1500);
      const found = readClusterFile(own.dataDir)?.services.find(({ name }) => name === node);
      process.kill(found?.pid as number, 'SIGKILL');
    }
    const sent = (await Promise.all(loads)).reduce((sum, count) => sum + count, 0);
    const { seq } = await owner.client.messages.send({ chat_id: room, content: 'last' });
    const log: string[] = [];
    for await (const message of owner.client.messages.iterate({ chat_id: room, after_seq: 0 }))
      log.push(message.content);
    expect(log, 'what was acknowledged is there, once').to.have.length(sent + 1);
    for (const view of views) {
      await view.reaches(seq);
      expect(view.contents).to.deep.equal(log);
    }
  });

  it('renews a token on the live socket before its end', async () => {
    const { session, id } = await someone(url);
    let given = 0;
    const token = (): string => {
      given++;
      return shortLived(session.access_token, 5, SECRET);
    };
    const client = clientAt(url, { token });
    const ws = client.websocket.connect(id);
    const view = new View(ws, 'general');
    await ws.ready(10_000);
    await sleep(9000);
    await client.users.me();
    await ws.send({ content: 'still here' });
    expect(view.codes.filter((code) => code !== undefined)).to.deep.equal([]);
    expect(given).to.be.within(2, 6);
  });

  it('sends after a reload what was on its way when it was cut, once', async () => {
    let kept: StoredSend[] = [];
    const outbox = {
      load: () => kept,
      put: (send: StoredSend) => void kept.push(send),
      remove: (clientId: string) => {
        kept = kept.filter(({ client_id }) => client_id !== clientId);
      },
    };
    const { session, client, id } = await someone(network.url);
    const room = (await client.chats.create({})).chat_id;
    const before = client.websocket.connect(id, { outbox });
    await before.ready(10_000);
    network.cut();
    const lost = ['one', 'two'].map((content) => caught(before.send({ chat_id: room, content })));
    await client.close();
    for (const error of await Promise.all(lost)) expect(error.code).to.equal('CLIENT_CLOSED');
    network.mend();
    expect(kept).to.have.length(2);
    const again = clientAt(network.url, { token: session.access_token });
    const after = again.websocket.connect(id, { outbox });
    const third = await after.send({ chat_id: room, content: 'three' });
    const log = await again.messages.list({ chat_id: room, after_seq: 0 });
    expect(log.items.map(({ content }) => content)).to.deep.equal(['one', 'two', 'three']);
    expect(log.items.at(-1)?.id).to.equal(third.id);
    await sleep(50);
    expect(kept).to.deep.equal([]);
  });

  it('says why it ended when the user was banned or the session is over', async () => {
    const { client } = await someone(url);
    const ws = client.websocket.connect();
    await ws.ready(10_000);
    await client.users.logout();
    expect((await caught(ws.once('message'))).code).to.equal('AUTHENTICATION_ERROR');
    expect(ws.state).to.equal('closed');
    expect((await caught(ws.send({ content: 'too late' }))).code).to.equal('AUTHENTICATION_ERROR');
  });

  it('uploads with progress, and an aborted upload leaves nothing behind', async () => {
    const { client } = await someone(url);
    const text = 'line of text\n'.repeat(40_000);
    const told: [number, number | undefined][] = [];
    const onProgress = (sent: number, total?: number): void => void told.push([sent, total]);
    const file = await client.files.upload(new Blob([text]), { name: 'notes.txt', description: 'd', onProgress });
    expect(file).to.include({ size: text.length, filename: 'notes.txt', description: 'd' });
    expect(told).to.have.length(Math.ceil(text.length / 65_536));
    expect(told.at(-1)).to.deep.equal([text.length, text.length]);
    expect(await (await client.files.content(file.id)).text()).to.equal(text);
    expect(await (await fetch(await client.files.url(file.id))).text()).to.equal(text);

    const stop = new AbortController();
    const large = new Blob([text.repeat(10)]);
    const sending = client.files.upload(large, { name: 'b.txt', signal: stop.signal, onProgress: () => stop.abort() });
    expect((await caught(sending)).code).to.equal('ABORTED');
    const stream = new Blob(['of no known size']).stream();
    expect((await client.files.upload(stream, { name: 'c.txt' })).size).to.equal(16);
    const names: string[] = [];
    for await (const { filename } of client.files.iterate()) names.push(filename);
    expect(names).to.deep.equal(['c.txt', 'notes.txt']);
    const refused = await caught(client.files.upload(new TextEncoder().encode('MZ'), { name: 'bad.exe' }));
    expect(refused).to.include({ code: 'UNSUPPORTED_MEDIA_TYPE', status: 415, retryable: false });
    expect(refused.requestId).to.be.a('string');
  });
});
