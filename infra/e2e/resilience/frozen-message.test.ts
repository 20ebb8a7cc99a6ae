// One of two message instances hangs: messages sent by socket continue on the other.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { register, rest } from '../support/client.ts';
import { gatewaysOf, nodesOf, type TestCluster } from '../support/cluster.ts';
import { freeze } from '../support/freeze.ts';
import { outageCluster } from '../support/outage-cluster.ts';
import { closeAll, connect } from '../support/socket.ts';

const ROOMS = 8;
const PATIENCE_MS = 45_000;

describe('a message instance that hangs', function () {
  this.timeout(120_000);
  let own: TestCluster;

  before(() => {
    own = outageCluster();
  });
  after(closeAll);

  it('delays its rooms by seconds and loses nothing: each message is stored once, in order', async () => {
    const ann = await register('ann', gatewaysOf(own)[0] as string);
    const live = await connect(ann, nodesOf(own)[0]);
    const rooms = Array.from({ length: ROOMS }, (_, i) => `hangs-${i}`);
    const sent = new Map<string, number>();
    const say = (chat_id: string, client_id: string): void => {
      sent.set(client_id, Date.now());
      live.send({ chat_id, client_id, message: client_id });
    };
    for (const room of rooms) say(room, `${room}-first`);
    for (const room of rooms) await live.next('ack', (ack) => ack.client_id === `${room}-first`);
    const thaw = freeze(own, 'message-1');
    try {
      for (let i = 0; i < 30; i++, await sleep(200)) for (const room of rooms) say(room, `${room}-${i}`);
      for (const client_id of sent.keys()) {
        if (client_id.endsWith('first')) continue;
        await live.next('ack', (ack) => ack.client_id === client_id, PATIENCE_MS);
      }
    } finally {
      thaw();
    }
    const all = live.frames.filter(({ type }) => type === 'ack' || type === 'error');
    expect(all.every(({ type }) => type === 'ack')).to.equal(true);
    for (const room of rooms) {
      const { body } = await rest(ann, gatewaysOf(own)[0]).get(`/messages/?chat_id=${room}&limit=100`).expect(200);
      const contents = body.messages.map(({ content }: { content: string }) => content).reverse();
      expect(contents).to.deep.equal([`${room}-first`, ...Array.from({ length: 30 }, (_, i) => `${room}-${i}`)]);
    }
    const waits = all.map(({ client_id, created_at }) => Date.parse(created_at) - (sent.get(client_id) as number));
    console.log(`      the longest wait: ${Math.max(...waits)} ms`);
  });
});
