// Redis hangs: who is removed from a room hears no more of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, register, rest } from '../support/client.ts';
import { nodesOf, type TestCluster } from '../support/cluster.ts';
import { freeze } from '../support/freeze.ts';
import { outageCluster } from '../support/outage-cluster.ts';
import { closeAll, connect } from '../support/socket.ts';

/** Well above the 2 s of the contract, which a loaded machine exceeds. */
const LIMIT_MS = 4000;

describe('a removal while Redis is frozen', function () {
  this.timeout(120_000);
  let own: TestCluster;
  before(() => {
    own = outageCluster();
  });
  after(closeAll);

  async function privateRoom(owner: Account, member: Account): Promise<string> {
    const body = { visibility: 'private', member_ids: [member.id] };
    return (await rest(owner, own.url).post('/rooms', body).expect(201)).body.id;
  }

  for (const [when, waitMs] of [
    ['as soon as it is frozen', 0],
    ['after nodes have noticed it', 6000],
  ] as const)
    it(`${when} is heard of within seconds by the nodes of the user and of the sender`, async () => {
      const [ann, bob] = [await register('ann', own.url), await register('bob', own.url)];
      const room = await privateRoom(ann, bob);
      const [first, second] = nodesOf(own) as [string, string];
      const sender = await connect(ann, first);
      const ears = [await connect(bob, first), await connect(bob, second)];
      sender.send({ message: 'before', chat_id: room, client_id: 'before' });
      for (const ear of ears) await ear.next('message', (f) => f.content === 'before');
      const thaw = freeze(own, 'redis');
      try {
        await sleep(waitMs);
        await eventually(async () => rest(ann, own.url).delete(`/rooms/${room}/members/${bob.id}`).expect(204), 5000);
        const removedAt = Date.now();
        for (let i = 0; Date.now() < removedAt + 2 * LIMIT_MS; i++, await sleep(100))
          sender.send({ message: `late ${Date.now() - removedAt}`, chat_id: room, client_id: `late-${i}` });
        const heard = ears.flatMap(({ frames }) =>
          frames.flatMap((f) => /^late (\d+)$/.exec(f.content ?? '')?.[1] ?? []),
        );
        expect(Math.max(0, ...heard.map(Number)), heard.join(' ')).to.be.below(LIMIT_MS);
      } finally {
        thaw();
      }
      closeAll();
      await sleep(3000);
    });
});
