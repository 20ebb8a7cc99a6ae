import { expect } from 'chai';
import { createHarness, type Harness, type TestNode } from './harness.ts';

describe('a realtime node', () => {
  let harness: Harness;
  let one: TestNode;
  let two: TestNode;
  let n = 0;
  const someone = (): string => `usr_presence_${process.pid}_${++n}`;
  const roomOf = (members: string[], kind: 'public' | 'private' | 'direct' = 'public'): string => {
    const id = `room_presence_${process.pid}_${++n}`;
    harness.services.rooms.set(id, { kind, members, events: [] });
    return id;
  };

  before(async () => {
    harness = await createHarness();
    one = await harness.node();
    two = await harness.node({ INSTANCE: 'realtime-two' });
  });
  after(() => harness.close());

  describe('presence', () => {
    it('publishes online at once, offline after the grace period, and nothing on a quick reconnect', async function () {
      this.timeout(20_000);
      const [ann, bob] = [someone(), someone()];
      roomOf([ann, bob], 'direct');
      const b = await harness.connect(two, bob);
      const a = await harness.connect(one, ann);
      const about =
        (status: string) =>
        (f: any): boolean =>
          f.user_id === ann && f.status === status;
      await b.frame('user_status', about('online'));
      a.ws.close();
      await a.closed();
      const again = await harness.connect(two, ann);
      await new Promise((resolve) => setTimeout(resolve, 6500));
      expect(b.got.filter(({ type, user_id }) => type === 'user_status' && user_id === ann)).to.have.length(1);
      again.ws.close();
      await b.frame('user_status', about('offline'), 9000);
      expect(harness.services.offline).to.include(ann);
    });
  });
});
