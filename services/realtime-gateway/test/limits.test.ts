import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { anonymousIdentity, identityHeader } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { createHarness, type Harness, type Refusal, type TestNode } from './harness.ts';
import { until } from './node-fixture.ts';

describe('limits of a realtime node', function () {
  this.timeout(40_000);
  let harness: Harness;
  let n = 0;
  const someone = (): string => `usr_limits_${process.pid}_${++n}`;
  before(async () => {
    harness = await createHarness();
  });
  after(() => harness.close());

  describe('frames', () => {
    let strict: TestNode;
    before(async () => {
      strict = await harness.node({ RATE_LIMIT_WS_FRAMES: '20', INSTANCE: 'few-frames' });
    });
    /** Budgets are per clock minute: waits, so that a test does not run into the next one. */
    beforeEach(async () => {
      const left = 60_000 - (Date.now() % 60_000);
      if (left < 17_000) await sleep(left);
    });

    it('of any type are counted; each one over the limit gets an error frame with the time to wait', async () => {
      const [ann, bob] = [someone(), someone()];
      const c = await harness.connect(strict, ann);
      for (let i = 0; i < 25; i++) c.send(i % 2 ? { type: 'ping' } : { type: 'resume', rooms: {} });
      await until(() => c.got.filter(({ type }) => type === 'error').length === 5);
      const error = await c.frame('error');
      expect(error.code).to.equal('RATE_LIMIT_EXCEEDED');
      expect(error.retry_after_ms).to.be.within(1000, 60_000);
      expect(c.got.filter(({ type }) => type === 'pong' || type === 'resumed')).to.have.length(20);
      const other = await harness.connect(strict, ann);
      other.send({ message: 'x', client_id: 'mine' });
      expect(await other.frame('error')).to.include({ code: 'RATE_LIMIT_EXCEEDED', client_id: 'mine' });
      const bobs = await harness.connect(strict, bob);
      bobs.send({ type: 'ping' });
      await bobs.frame('pong');
    });

    it('over the limit are refused unread, bad frames and WebSocket pings included', async () => {
      const c = await harness.connect(strict, someone());
      for (let i = 0; i < 20; i++) c.ws.ping();
      for (let i = 0; i < 15; i++) c.ws.send('not JSON');
      await until(() => c.got.filter(({ type }) => type === 'error').length === 15);
      expect(new Set(c.got.filter(({ type }) => type === 'error').map(({ code }) => code))).to.deep.equal(
        new Set(['RATE_LIMIT_EXCEEDED']),
      );
      expect(c.code).to.equal(0);
    });

    it('that continue for 10 s over the limit close the connection with 4429', async () => {
      const c = await harness.connect(strict, someone());
      for (let i = 0; i < 20; i++) c.send({ type: 'ping' });
      const began = Date.now();
      while (c.code === 0 && Date.now() - began < 16_000) {
        c.send({ type: 'ping' });
        await sleep(200);
      }
      expect(c.code).to.equal(4429);
      expect(Date.now() - began).to.be.greaterThan(9900);
    });
  });

  describe('control frames and late frames', () => {
    it('unsolicited pongs count as frames, answers to our pings do not', async () => {
      const strict = await harness.node({ RATE_LIMIT_WS_FRAMES: '20', INSTANCE: 'few-pongs' });
      const c = await harness.connect(strict, someone());
      for (let i = 0; i < 150; i++) c.ws.pong('x'.repeat(100));
      await until(() => c.got.some(({ code }) => code === 'RATE_LIMIT_EXCEEDED'));
      const free = await harness.connect(strict, someone());
      for (let i = 0; i < 30; i++) {
        for (const one of strict.ctx.connections.values()) one.missedPongs = 1;
        free.ws.pong();
        await until(() => [...strict.ctx.connections.values()].some(({ missedPongs }) => missedPongs === 0));
      }
      expect(free.got.filter(({ type }) => type === 'error')).to.deep.equal([]);
    });

    it('a client that keeps sending after our close frame is read slowly, and cut before 30 s', async () => {
      const node = await harness.node({ RATE_LIMIT_WS_FRAMES: '0', INSTANCE: 'closing' });
      const c = await harness.connect(node, someone());
      const { _receiver: receiver, _socket: socket } = c.ws as unknown as {
        _receiver: EventEmitter;
        _socket: Socket;
      };
      // Make the client ignore close frames.
      receiver.removeAllListeners('conclude');
      socket.on('error', () => undefined);
      // Text frames of 60,000 bytes, masked with zeros.
      const frame = Buffer.concat([Buffer.from([0x81, 0xfe, 0xea, 0x60, 0, 0, 0, 0]), Buffer.alloc(60_000, 'x')]);
      for (let i = 0; i < 10; i++) socket.write(frame);
      let taken = 0;
      const send = (): void =>
        void socket.write(frame, (error) => {
          if (error) return;
          taken++;
          send();
        });
      send();
      await until(() => socket.destroyed, 20_000);
      expect(taken * frame.length).to.be.lessThan(64 * 1024 * 1024);
    });
  });

  it('messages of more than 64 fragments close with 1008, those of fewer are taken', async () => {
    const one = await harness.node({ INSTANCE: 'fragments' });
    const fragmented = async (count: number) => {
      const c = await harness.connect(one, someone());
      const text = JSON.stringify({ type: 'ping' }).padEnd(count, ' ');
      const size = Math.floor(text.length / count);
      for (let i = 0; i < count; i++)
        c.ws.send(text.slice(i * size, i === count - 1 ? undefined : (i + 1) * size), { fin: i === count - 1 });
      return c;
    };
    await (await fragmented(60)).frame('pong');
    expect(await (await fragmented(2000)).closed()).to.equal(1008);
  });

  describe('upgrades', () => {
    let strict: TestNode;
    before(async () => {
      strict = await harness.node({ RATE_LIMIT_UPGRADES: '3', INSTANCE: 'few-upgrades' });
    });
    const from = (ip: string) => ({
      ...identityHeader('realtime-gateway', anonymousIdentity(ip)),
    });
    const connect = (user: string, ip: string, token?: string): Promise<number> =>
      harness.connect(strict, user, { headers: from(ip), ...(token === undefined ? {} : { token }) }).then(
        () => 101,
        ({ status, body }: Refusal) => {
          if (status === 429) expect(body.code).to.equal('RATE_LIMIT_EXCEEDED');
          return status;
        },
      );
    const address = (): string => `2001:db8:${(++n).toString(16)}:${process.pid.toString(16)}::1`;

    it('of one user are counted over all addresses', async () => {
      const ann = someone();
      const answers = [];
      for (let i = 0; i < 5; i++) answers.push(await connect(ann, address()));
      expect(answers).to.deep.equal([101, 101, 101, 429, 429]);
      expect(await connect(someone(), address())).to.equal(101);
    });

    it('of one address are limited to five times as many, over all users, bad tokens included', async () => {
      const ip = address();
      const answers = [];
      for (let i = 0; i < 17; i++) answers.push(await connect(someone(), ip, i % 2 ? 'nonsense' : undefined));
      expect(answers.slice(0, 15)).to.deep.equal(Array.from({ length: 15 }, (_, i) => (i % 2 ? 401 : 101)));
      expect(answers.slice(15)).to.deep.equal([429, 429]);
    });
  });

  describe('resume', () => {
    it('reads at most 200 rooms of which the user is no member, and resumes all own rooms', async () => {
      const node = await harness.node({ INSTANCE: 'resuming' });
      const ann = someone();
      const own = Array.from({ length: 600 }, (_, i) => `own-${process.pid}-${n}-${i}`);
      for (const id of own) {
        const frame = JSON.stringify({ type: 'message', id: 'm', chat_id: id, seq: 1, content: 'x' });
        harness.services.rooms.set(id, { kind: 'private', members: [ann], events: [{ seq: 1, sender: 'x', frame }] });
      }
      const foreign = Array.from({ length: 1000 }, (_, i) => `none-${process.pid}-${i}`);
      const c = await harness.connect(node, ann);
      harness.services.lookUps = 0;
      c.send({ type: 'resume', rooms: Object.fromEntries([...foreign, ...own].map((id) => [id, 0])) });
      await until(() => c.got.some(({ type }) => type === 'resumed'), 20_000);
      const { rooms } = await c.frame('resumed');
      expect(Object.keys(rooms)).to.have.length(1600);
      expect(own.every((id) => rooms[id].complete && rooms[id].to === 1)).to.equal(true);
      expect(foreign.some((id) => rooms[id].complete)).to.equal(false);
      expect(harness.services.lookUps).to.be.at.most(200);
    });
  });
});
