import { expect } from 'chai';
import { type Client, createHarness, type Harness, type TestNode } from './harness.ts';
import { until, upTo } from './node-fixture.ts';

describe('a realtime node', () => {
  let harness: Harness;
  let one: TestNode;
  let two: TestNode;
  let n = 0;
  const someone = (): string => `usr_sends_${process.pid}_${++n}`;
  const roomOf = (members: string[]): string => {
    const id = `room_sends_${process.pid}_${++n}`;
    harness.services.rooms.set(id, { kind: 'public', members, events: [] });
    return id;
  };

  const mine = ({ got }: Client): string[] =>
    got.map(({ type }) => type).filter((type) => type === 'ack' || type === 'message');

  before(async () => {
    harness = await createHarness();
    one = await harness.node();
    two = await harness.node({ INSTANCE: 'realtime-two' });
  });
  after(() => harness.close());

  describe('messages', () => {
    it('the sender gets the ack, then the frame; members on both nodes get the frame', async () => {
      const [ann, bob] = [someone(), someone()];
      const room = roomOf([ann, bob]);
      const [a, b] = [await harness.connect(one, ann), await harness.connect(two, bob)];
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
      await until(() => harness.services.positions.some((p) => p.user_id === bob && p.delivered_seq === 50));
      expect(harness.services.positions.some((p) => p.user_id === ann && p.room_id === room)).to.equal(false);
    });

    it('custom is passed on as it is; without one there is none, and a bad one is an error', async () => {
      const ann = someone();
      const room = roomOf([ann]);
      const a = await harness.connect(one, ann);
      const before = harness.services.bodies.length;
      const custom = { z: [null, { b: '</x>' }], a: 1, '10': 'ü' };
      const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) });
      const bad = [[], 'x', null, nested(6), { a: 'x'.repeat(4090) }, JSON.parse('{"__proto__":1}')];
      a.send({ message: 'm', chat_id: room, client_id: 'c1', custom });
      a.send({ message: 'm', chat_id: room, client_id: 'c2', custom: { a: 'x'.repeat(4088) } });
      a.send({ message: 'm', chat_id: room, client_id: 'c3', custom: nested(5) });
      a.send({ message: 'm', chat_id: room, client_id: 'c4' });
      for (const [i, one] of bad.entries()) a.send({ message: 'm', chat_id: room, client_id: `b${i}`, custom: one });
      await until(() => a.got.filter(({ type }) => type === 'error').length === bad.length);
      const errors = a.got.filter(({ type }) => type === 'error');
      expect(errors.map(({ client_id }) => client_id)).to.deep.equal(bad.map((_, i) => `b${i}`));
      for (const { code, details } of errors) {
        expect(code).to.equal('VALIDATION_ERROR');
        expect(details.fields[0].path).to.match(/^custom/);
      }
      await until(() => mine(a).filter((type) => type === 'ack').length === 4);
      const bodies = harness.services.bodies.slice(before);
      expect(JSON.stringify(bodies[0].custom)).to.equal(JSON.stringify(custom));
      expect(bodies.map((body: object) => 'custom' in body)).to.deep.equal([true, true, true, false]);
    });

    it('metrics show how long signals and deliveries took, and events that came without a signal', async () => {
      const [ann, bob] = [someone(), someone()];
      const room = roomOf([ann, bob]);
      const b = await harness.connect(two, bob);
      const countOf = async (name: string): Promise<number> => {
        const text = await two.ctx.metrics.metrics();
        return Number(new RegExp(`^${name}\\{.*\\} (\\d+)$`, 'm').exec(text)?.[1]);
      };
      const before = await countOf('chatapi_signal_lag_seconds_count');
      const delivered = await countOf('chatapi_delivery_seconds_count');
      await harness.services.append(room, ann, { type: 'message' });
      await until(() => b.seqs(room).length === 1);
      expect(await countOf('chatapi_signal_lag_seconds_count')).to.equal(before + 1);
      expect(await countOf('chatapi_delivery_seconds_count')).to.equal(delivered + 1);
      const gaps = await countOf('chatapi_gaps_filled_total');
      harness.services.silent = true;
      await harness.services.append(room, ann, { type: 'message' });
      harness.services.silent = false;
      await harness.services.append(room, ann, { type: 'message' });
      await until(() => b.seqs(room).length === 3);
      expect(await countOf('chatapi_gaps_filled_total')).to.equal(gaps + 1);
    });

    it('the sending node gets the event from the response, without a signal', async () => {
      const [ann, bob] = [someone(), someone()];
      const room = roomOf([ann, bob]);
      const [a, b] = [await harness.connect(one, ann), await harness.connect(one, bob)];
      harness.services.silent = true;
      a.send({ message: 'x', chat_id: room });
      // In time, although heads are compared only every 15 s.
      await Promise.all([a.frame('message'), b.frame('message')]);
      harness.services.silent = false;
      expect(mine(a)).to.deep.equal(['ack', 'message']);
    });

    it('after a lost response, the retry gets the seq, and the event is read from the log', async () => {
      const [ann, bob] = [someone(), someone()];
      const room = roomOf([ann, bob]);
      const [a, b] = [await harness.connect(one, ann), await harness.connect(one, bob)];
      harness.services.losesNextAnswer = true;
      a.send({ message: 'x', chat_id: room });
      await Promise.all([a.frame('message'), b.frame('message')]);
      expect([a.seqs(room), b.seqs(room)]).to.deep.equal([[1], [1]]);
      expect(mine(a)).to.deep.equal(['ack', 'message']);
    });

    it('a refused send gets an error frame with its client_id', async () => {
      const c = await harness.connect(one, someone());
      c.send({ message: 'x', chat_id: 'no-such-room', client_id: 'mine' });
      expect(await c.frame('error')).to.include({ code: 'RESOURCE_NOT_FOUND', client_id: 'mine' });
    });

    it('sends survive a short outage of the message service, without duplicates', async () => {
      const ann = someone();
      const room = roomOf([ann]);
      const c = await harness.connect(one, ann);
      harness.services.failuresLeft = 3;
      c.send({ message: 'x', chat_id: room });
      expect(await c.frame('ack')).to.include({ seq: 1 });
      await c.frame('message');
      expect(c.seqs(room)).to.deep.equal([1]);
    });

    it('over the limit the client gets an error frame, and the message is not sent', async () => {
      const strict = await harness.node({ RATE_LIMIT_WS_MESSAGES: '3', INSTANCE: 'strict' });
      const ann = someone();
      const room = roomOf([ann]);
      const c = await harness.connect(strict, ann);
      for (let i = 0; i < 5; i++) c.send({ message: `m${i}`, chat_id: room, client_id: `c${i}` });
      const error = await c.frame('error', ({ client_id }) => client_id === 'c4');
      expect(error.code).to.equal('RATE_LIMIT_EXCEEDED');
      expect(error.retry_after_ms).to.be.within(1000, 60_000);
      await until(() => c.seqs(room).length === 3);
      expect(harness.services.rooms.get(room)?.events).to.have.length(3);
    });
  });
});
