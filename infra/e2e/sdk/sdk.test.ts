// What only the TypeScript SDK has; what every SDK has to bear stands in infra/conformance.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChatApiError, StoredSend } from '@chatapi/client';
import { type Network, openNetwork } from '@chatapi/conformance';
import { expect } from 'chai';
import { browserCluster } from '../support/browser-cluster.ts';
import { gatewaysOf } from '../support/cluster.ts';
import { clientAt, closeClients, someone } from '../support/sdk.ts';

const caught = (call: Promise<unknown>): Promise<ChatApiError> =>
  call.then(
    () => Promise.reject(new Error('it was not refused')),
    (error) => error,
  );

describe('the TypeScript SDK', function () {
  this.timeout(90_000);
  let url: string;
  let network: Network;

  before(async () => {
    url = gatewaysOf(browserCluster())[0] as string;
    network = await openNetwork(url);
  });
  afterEach(closeClients);
  after(() => network?.close());

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

  it('uploads a stream of no known size, and gives a URL that needs no token', async () => {
    const { client } = await someone(url);
    const text = 'of no known size';
    const file = await client.files.upload(new Blob([text]).stream(), { name: 'c.txt', description: 'd' });
    expect(file).to.include({ size: text.length, filename: 'c.txt', description: 'd' });
    expect(await (await client.files.content(file.id)).text()).to.equal(text);
    expect(await (await fetch(await client.files.url(file.id))).text()).to.equal(text);
    const refused = await caught(client.files.upload(new TextEncoder().encode('MZ'), { name: 'bad.exe' }));
    expect(refused).to.include({ code: 'UNSUPPORTED_MEDIA_TYPE', status: 415, retryable: false });
    expect(refused.requestId).to.be.a('string');
  });
});
