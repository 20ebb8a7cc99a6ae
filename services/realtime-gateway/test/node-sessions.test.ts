import { publishRevocations, REVOCATIONS_CHANNEL } from '@chatapi/bus';
import { expect } from 'chai';
import { createHarness, type Harness, refused, type TestNode } from './harness.ts';

describe('sessions at a realtime node', () => {
  let harness: Harness;
  let one: TestNode;
  let two: TestNode;
  let n = 0;
  const someone = (): string => `usr_${process.pid}_${++n}`;

  before(async () => {
    harness = await createHarness();
    one = await harness.node();
    two = await harness.node({ INSTANCE: 'realtime-two' });
  });
  after(() => harness.close());

  describe('sessions', () => {
    const revoke = (kind: 'session' | 'user' | 'ban', subject: string, signal: boolean): void => {
      const record = { seq: ++n, kind, subject, at: new Date(Date.now() + 50).toISOString() };
      harness.services.revocations.push(record);
      if (signal) void publishRevocations(harness.redis, [record]);
    };

    it('that end close their connections within a second, with or without a signal', async () => {
      const [ann, bob, eve] = [someone(), someone(), someone()];
      const [a, b, e] = [
        await harness.connect(one, ann),
        await harness.connect(one, bob),
        await harness.connect(two, eve),
      ];
      revoke('session', `ses_${ann}`, true);
      revoke('user', bob, false);
      revoke('ban', eve, false);
      expect([await a.closed(1000), await b.closed(1000), await e.closed(1000)]).to.deep.equal([4401, 4401, 4403]);
      expect((await refused(harness.connect(one, eve))).status).to.equal(403);
      await harness.redis.publish(REVOCATIONS_CHANNEL, 'not json');
    });

    it('the 21st connection of a user over all nodes closes the oldest', async () => {
      const ann = someone();
      const all = [];
      // The other node notices as the first connection there exceeds the limit.
      for (let i = 0; i < 21; i++) all.push(await harness.connect(i < 11 ? one : two, ann));
      // If Redis was too slow to count one, the next connection makes up for it.
      await all[0]?.closed().catch(async () => all.push(await harness.connect(two, ann)));
      expect(await all[0]?.closed()).to.equal(4429);
      all[20]?.ws.close();
      await all[20]?.closed();
      await new Promise((resolve) => setTimeout(resolve, 50));
      await harness.connect(two, ann);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(all[1]?.code).to.equal(0);
    });
  });

  it('that stops closes its connections with 1012 and leaves the interest map', async () => {
    const going = await harness.node({ INSTANCE: 'going' });
    const clients = [await harness.connect(going, someone()), await harness.connect(going, someone())];
    await going.stop();
    for (const c of clients) expect(await c.closed()).to.equal(1012);
    expect(await harness.redis.hexists('chatapi:node-stats', going.ctx.id)).to.equal(0);
  });
});
