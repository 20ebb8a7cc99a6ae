import { expect } from 'chai';
import { until, upTo } from './parts.ts';
import { type Client, openStage, type Stage, type TestNode } from './stage.ts';

describe('a realtime node', () => {
  let stage: Stage;
  let one: TestNode;
  let two: TestNode;
  let n = 0;
  const someone = (): string => `usr_sends_${process.pid}_${++n}`;
  const roomOf = (members: string[]): string => {
    const id = `room_sends_${process.pid}_${++n}`;
    stage.inner.rooms.set(id, { kind: 'public', members, events: [] });
    return id;
  };

  const mine = ({ got }: Client): string[] =>
    got.map(({ type }) => type).filter((type) => type === 'ack' || type === 'message');

  before(async () => {
    stage = await openStage();
    one = await stage.node();
    two = await stage.node({ INSTANCE: 'realtime-two' });
  });
  after(() => stage.close());

  describe('messages', () => {
    it('acks to the sender, then the frame; the others on both nodes get the frame', async () => {
      const [ann, bob] = [someone(), someone()];
      const room = roomOf([ann, bob]);
      const [a, b] = [await stage.connect(one, ann), await stage.connect(two, bob)];
      for (let i = 0; i < 50; i++)
        a.send({ message: `m${i}`, chat_id: room, ...(i % 2 === 0 ? { client_id: `c${i}` } : {}) });
      await until(() => a.seqs(room).length === 50 && b.seqs(room).length === 50);
      expect(b.seqs(room)).to.deep.equal(upTo(50));
      const order = a.got.filter(({ type }) => type === 'ack' || type === 'message');
      for (const frame of order.filter(({ type }) => type === 'message')) {
        const ack = order.findIndex(({ type, seq }) => type === 'ack' && seq === frame.seq);
        expect(ack).to.be.within(0, order.indexOf(frame));
      }
      expect(
        order
          .filter(({ type }) => type === 'ack')
          .map(({ client_id }) => client_id)
          .slice(0, 2),
      ).to.deep.equal(['c0', null]);
      await until(() => stage.inner.positions.some((p) => p.user_id === bob && p.delivered_seq === 50));
      expect(stage.inner.positions.some((p) => p.user_id === ann && p.room_id === room)).to.equal(false);
    });

    it('the node that asked has the event from the answer, whatever becomes of signals', async () => {
      const [ann, bob] = [someone(), someone()];
      const room = roomOf([ann, bob]);
      const [a, b] = [await stage.connect(one, ann), await stage.connect(one, bob)];
      stage.inner.silent = true;
      const began = Date.now();
      a.send({ message: 'x', chat_id: room });
      await Promise.all([a.frame('message'), b.frame('message')]);
      stage.inner.silent = false;
      expect(Date.now() - began, 'ms; heads are compared every 15 s').to.be.below(1000);
      expect(mine(a)).to.deep.equal(['ack', 'message']);
    });

    it('an answer that was lost after the commit: the repeat says how far the log is, and the log has the event', async () => {
      const [ann, bob] = [someone(), someone()];
      const room = roomOf([ann, bob]);
      const [a, b] = [await stage.connect(one, ann), await stage.connect(one, bob)];
      stage.inner.forgetful = true;
      const began = Date.now();
      a.send({ message: 'x', chat_id: room });
      await Promise.all([a.frame('message'), b.frame('message')]);
      expect(Date.now() - began, 'ms; heads are compared every 15 s').to.be.below(1500);
      expect([a.seqs(room), b.seqs(room)]).to.deep.equal([[1], [1]]);
      expect(mine(a)).to.deep.equal(['ack', 'message']);
    });

    it('a send that message refuses is an error frame with its client_id', async () => {
      const c = await stage.connect(one, someone());
      c.send({ message: 'x', chat_id: 'no-such-room', client_id: 'mine' });
      expect(await c.frame('error')).to.include({ code: 'RESOURCE_NOT_FOUND', client_id: 'mine' });
    });

    it('sends outlast a message service that is away for a moment, once', async () => {
      const ann = someone();
      const room = roomOf([ann]);
      const c = await stage.connect(one, ann);
      stage.inner.failing = 3;
      c.send({ message: 'x', chat_id: room });
      expect(await c.frame('ack')).to.include({ seq: 1 });
      await c.frame('message');
      expect(c.seqs(room)).to.deep.equal([1]);
    });

    it('over the limit: an error frame, and the message is not taken', async () => {
      const strict = await stage.node({ RATE_LIMIT_WS_MESSAGES: '3', INSTANCE: 'strict' });
      const ann = someone();
      const room = roomOf([ann]);
      const c = await stage.connect(strict, ann);
      for (let i = 0; i < 5; i++) c.send({ message: `m${i}`, chat_id: room, client_id: `c${i}` });
      const error = await c.frame('error', ({ client_id }) => client_id === 'c4');
      expect(error.code).to.equal('RATE_LIMIT_EXCEEDED');
      expect(error.retry_after_ms).to.be.within(1000, 60_000);
      await until(() => c.seqs(room).length === 3);
      expect(stage.inner.rooms.get(room)?.events).to.have.length(3);
    });
  });
});
