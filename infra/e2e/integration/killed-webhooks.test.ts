// Webhooks while processes die and Redis loses all it has.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { type Account, type Json, loginAdmin, register, rest, say, unique } from '../support/client.ts';
import { dispose, ownCluster, type TestCluster } from '../support/cluster.ts';
import { freeze } from '../support/freeze.ts';
import { type Receiver, seqsTo, startReceiver } from '../support/receiver.ts';

const ROOMS = 12;
const EACH = 25;

describe('webhooks while processes are killed and Redis is flushed', function () {
  this.timeout(240_000);
  let own: TestCluster;
  let receiver: Receiver;
  let admin: Account;
  let ann: Account;
  before(async () => {
    own = await ownCluster({ INTEGRATION_INSTANCES: '2', MESSAGE_INSTANCES: '2' });
    receiver = await startReceiver();
    [admin, ann] = [await loginAdmin(own.url), await register('ann', own.url)];
    await rest(admin, own.url)
      .post('/admin/webhooks', { url: receiver.url, events: ['*'] })
      .expect(201);
  });
  after(async () => {
    receiver?.stop();
    await dispose(own);
  });

  /** Sends to all rooms at once, message by message; a send that failed is repeated. */
  async function sendAll(rooms: string[], between: (n: number) => Promise<void> | void): Promise<void> {
    for (let n = 0; n < EACH; n++) {
      await between(n);
      await Promise.all(
        rooms.map(async (chat_id) => {
          const message = { chat_id, content: `${n}`, client_id: `c${n}` };
          for (let sent = false; !sent; )
            sent = await say(ann, message, own.url).then(
              () => true,
              () => sleep(200).then(() => false),
            );
        }),
      );
    }
  }

  const newRooms = (stem: string): string[] => Array.from({ length: ROOMS }, () => unique(stem));

  /** Each room in the order of first receipt, and the same ids as in the log. */
  async function expectAll(rooms: string[], withinMs: number): Promise<void> {
    const logs = new Map<string, Json[]>();
    for (const room of rooms)
      logs.set(room, (await rest(ann, own.url).get(`/rooms/${room}/events?limit=500`).expect(200)).body.events);
    await eventually(() => {
      for (const [room, events] of logs) expect(receiver.firsts(room), room).to.deep.equal(seqsTo(events.length));
    }, withinMs);
    for (const [room, events] of logs) {
      const ids = new Set(receiver.received.filter(({ body }) => body.data.chat_id === room).map(({ id }) => id));
      expect(ids.size).to.equal(events.length);
    }
  }

  for (const service of ['integration', 'message'] as const)
    it(`${service} is killed again and again: nothing is lost, each room stays in order`, async () => {
      const rooms = newRooms(service);
      const instances = own.instances.filter(({ dir }) => dir === service).map(({ name }) => name);
      let kills = 0;
      await sendAll(rooms, (n) => {
        if (n % 6 === 3) own.kill(instances[kills++ % instances.length] as never);
      });
      expect(kills).to.be.greaterThan(2);
      await own.waitReady();
      await expectAll(rooms, 60_000);
    });

  it('integration and message are killed: incoming messages are taken once, and none unasked', async () => {
    const [room] = newRooms('asked') as [string];
    await rest(ann, own.url).post('/rooms', { chat_id: room }).expect(201);
    const { body: incoming } = await rest(ann, own.url)
      .post(`/rooms/${room}/incoming-webhooks`, { name: 'Feed' })
      .expect(201);
    const judge = await startReceiver();
    judge.answer = ({ body }) => ({
      status: 200,
      body: JSON.stringify({
        results: body.data.messages.map(({ content }: Json) => ({ action: 'replace', content: `asked ${content}` })),
      }),
    });
    const hook = { url: judge.url, on_failure: 'reject', timeout_ms: 1000, rooms: [room] };
    await rest(admin, own.url).put('/admin/hooks/before-message', hook).expect(200);
    await sleep(1000);
    const killed = own.instances
      .filter(({ dir }) => dir === 'integration' || dir === 'message')
      .map(({ name }) => name);
    const untilTaken = async (path: string, body: object, by?: Account): Promise<void> => {
      for (let status = 0; status !== 200 && status !== 201; await sleep(100))
        status = await rest(by, own.url)
          .post(path, body)
          .then(
            (answer) => answer.status,
            () => 0,
          );
    };
    for (let n = 0; n < 16; n++) {
      if (n % 4 === 1) own.kill(killed[((n - 1) / 4) % killed.length] as never);
      await Promise.all([
        untilTaken(incoming.url, { text: `in ${n}`, client_id: `in${n}` }),
        untilTaken('/messages/', { chat_id: room, content: `ann ${n}`, client_id: `ann${n}` }, ann),
      ]);
    }
    await own.waitReady();
    const { body } = await rest(ann, own.url).get(`/messages/?chat_id=${room}&after_seq=0&limit=100`).expect(200);
    const contents = (who: string) =>
      body.messages.map(({ content }: Json) => content).filter((one: string) => one.includes(who));
    for (const who of ['in', 'ann'])
      expect(contents(`${who} `)).to.deep.equal(Array.from({ length: 16 }, (_, n) => `asked ${who} ${n}`));
    await rest(admin, own.url).delete('/admin/hooks/before-message').expect(204);
    judge.stop();
    await expectAll([room], 60_000);
  });

  it('Redis loses all while events are delivered: nothing is lost', async () => {
    const rooms = newRooms('flushed');
    const redis = new Redis(own.redisUrl);
    await sendAll(rooms, async (n) => {
      if (n % 4 === 2) await redis.flushall();
    });
    redis.disconnect();
    await expectAll(rooms, 60_000);
  });

  it('Redis hangs: what is sent meanwhile is delivered within seconds', async () => {
    const rooms = newRooms('hanging');
    const thaw = freeze(own, 'redis');
    try {
      await sendAll(rooms, () => undefined);
      await expectAll(rooms, 30_000);
    } finally {
      thaw();
    }
  });

  it('the receiver is away for a while, and then gets all', async () => {
    const rooms = newRooms('away');
    receiver.answer = () => ({ status: 503 });
    await sendAll(rooms, (n) => {
      if (n === EACH - 1) receiver.answer = () => ({ status: 200 });
    });
    await expectAll(rooms, 60_000);
  });
});
