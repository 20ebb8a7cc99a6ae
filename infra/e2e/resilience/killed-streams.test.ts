// Streams of events whose node is killed, frozen or stopped: `EventSource` goes on at another one.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, served } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, register, rest, unique } from '../support/client.ts';
import { gatewaysOf, type TestCluster } from '../support/cluster.ts';
import { closeStreams, listen } from '../support/event-stream.ts';
import { outageCluster } from '../support/outage-cluster.ts';

const PAUSE_MS = 40;

describe('streams of events whose node dies', function () {
  this.timeout(120_000);
  let own: TestCluster;
  let ann: Account;
  const room = unique('killed-streams');
  let url: string;

  before(async () => {
    own = outageCluster();
    url = gatewaysOf(own)[0] as string;
    ann = await register('ann', url);
    await rest(ann, url).post('/rooms', { chat_id: room, visibility: 'private' }).expect(201);
  });
  afterEach(closeStreams);

  const sayOnce = (content: string): PromiseLike<Json> =>
    served(() => rest(ann, url).post('/messages/', { chat_id: room, content, client_id: content }));

  it('miss and repeat nothing: one room and all rooms, through kills of both nodes in turn', async () => {
    const one = listen(ann.token, `/rooms/${room}/events?after_seq=0`, url);
    const all = listen(ann.token, '/events', url);
    await eventually(() => expect([one.count('live'), all.count('live')]).to.deep.equal([1, 1]));
    for (const node of ['realtime-1', 'realtime-2']) {
      for (let i = 0; i < 20; i++) {
        await sayOnce(`${node} ${i}`);
        if (i === 8) own.kill(node);
        await sleep(PAUSE_MS);
      }
      await own.waitReady();
    }
    await eventually(() => {
      expect(one.seqs(room).at(-1)).to.equal(41);
      expect(all.seqs(room).at(-1)).to.equal(41);
    }, 60_000);
    expect(one.seqs(room)).to.deep.equal(Array.from({ length: 41 }, (_, i) => i + 1));
    expect(all.seqs(room)).to.deep.equal(Array.from({ length: 40 }, (_, i) => i + 2));
    expect(one.count('live') + all.count('live'), 'streams were cut').to.be.greaterThan(3);
  });
});
