import { expect } from 'chai';
import { openStage, type Stage, type TestNode } from './stage.ts';

describe('a realtime node', () => {
  let stage: Stage;
  let one: TestNode;
  let two: TestNode;
  let n = 0;
  const someone = (): string => `usr_presence_${process.pid}_${++n}`;
  const roomOf = (members: string[], kind: 'public' | 'private' | 'direct' = 'public'): string => {
    const id = `room_presence_${process.pid}_${++n}`;
    stage.inner.rooms.set(id, { kind, members, events: [] });
    return id;
  };

  before(async () => {
    stage = await openStage();
    one = await stage.node();
    two = await stage.node({ INSTANCE: 'realtime-two' });
  });
  after(() => stage.close());

  describe('presence', () => {
    it('is told to peers: online at once, offline after the grace, nothing on a quick reconnect elsewhere', async function () {
      this.timeout(20_000);
      const [ann, bob] = [someone(), someone()];
      roomOf([ann, bob], 'direct');
      const b = await stage.connect(two, bob);
      const a = await stage.connect(one, ann);
      const about =
        (status: string) =>
        (f: any): boolean =>
          f.user_id === ann && f.status === status;
      await b.frame('user_status', about('online'));
      a.ws.close();
      await a.closed();
      const again = await stage.connect(two, ann);
      await new Promise((resolve) => setTimeout(resolve, 6500));
      expect(b.got.filter(({ type, user_id }) => type === 'user_status' && user_id === ann)).to.have.length(1);
      again.ws.close();
      await b.frame('user_status', about('offline'), 9000);
      expect(stage.inner.offline).to.include(ann);
    });
  });
});
