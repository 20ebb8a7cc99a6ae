// Facts of new accounts wait while Redis hangs; sends go on, and mention people whose fact waits.

import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { register, rest, say } from '../support/client.ts';
import { gatewaysOf, nodesOf, type TestCluster } from '../support/cluster.ts';
import { freeze } from '../support/freeze.ts';
import { outageCluster } from '../support/outage-cluster.ts';
import { closeAll, connect } from '../support/socket.ts';

const HEALED_MS = 30_000;

describe('while Redis hangs', function () {
  this.timeout(120_000);
  let own: TestCluster;
  before(() => {
    own = outageCluster();
  });
  after(async () => {
    closeAll();
    await own.waitReady();
  });

  it('a mention of somebody new is completed exactly once when Redis is back, also after a kill', async () => {
    const url = gatewaysOf(own)[0] as string;
    const ann = await register('ann', url);
    const thaw = freeze(own, 'redis');
    let id = '';
    let eve = { id: '' };
    try {
      const registered = await register('eve', url);
      eve = registered;
      ({ id } = await say(ann, { chat_id: 'frozen', content: `welcome @${registered.username}` }, url));
      expect((await rest(ann, url).get(`/messages/${id}`).expect(200)).body.mentions).to.deep.equal([]);
      process.kill(own.pid('message-1') as number, 'SIGKILL');
    } finally {
      thaw();
    }
    await eventually(async () => {
      const { body } = await rest(ann, url).get(`/messages/${id}`);
      expect(body).to.deep.include({ mentions: [eve.id], is_edited: false });
    }, HEALED_MS);
    const live = await connect(ann, nodesOf(own)[0]);
    live.send({ type: 'resume', rooms: { frozen: 0 } });
    await live.next('resumed', undefined, 10_000);
    const updates = live.frames.filter(({ type }) => type === 'message_updated');
    expect(updates.map(({ message_id, mentions }) => [message_id, mentions])).to.deep.equal([[id, [eve.id]]]);
  });
});
