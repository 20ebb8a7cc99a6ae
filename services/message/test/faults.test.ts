// PostgreSQL and Redis behind a door that the test can shut, or let nothing through.

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { type Messages, openMessages, until } from './harness.ts';

interface Proxy {
  port: number;
  /** `frozen`: connections stand, nothing moves. `shut`: all are cut, new ones too. */
  state: 'open' | 'frozen' | 'shut';
  set(state: Proxy['state']): void;
  close(): void;
}

async function openProxy(url: string): Promise<Proxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const proxy: Proxy = {
    port: 0,
    state: 'open',
    set(state) {
      proxy.state = state;
      for (const socket of sockets)
        state === 'shut' ? socket.destroy() : state === 'frozen' ? socket.pause() : socket.resume();
    },
    close() {
      proxy.set('shut');
      server.close();
    },
  };
  const server: Server = createServer((inside) => {
    if (proxy.state === 'shut') {
      inside.destroy();
      return;
    }
    const outside = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => to.write(chunk)).on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      if (proxy.state === 'frozen') from.pause();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.port = (server.address() as AddressInfo).port;
  return proxy;
}

const through = (url: string, { port }: Proxy): string => {
  const other = new URL(url);
  other.host = `127.0.0.1:${port}`;
  return other.href;
};

describe('when PostgreSQL or Redis is away', () => {
  const database = process.env.TEST_DATABASE_URL ?? '';
  const redisUrl = new URL('/9', process.env.TEST_REDIS_URL ?? 'redis://missing').href;
  let postgres: Proxy;
  let redis: Proxy;
  let m: Messages;
  before(async () => {
    postgres = await openProxy(database);
    redis = await openProxy(redisUrl);
    m = await openMessages({ DATABASE_URL: through(database, postgres), REDIS_URL: through(redisUrl, redis) });
    await m.send('usr_a', { chat_id: 'faults', content: 'before' }).expect(201);
  });
  after(async () => {
    postgres?.set('open');
    await m?.close();
    postgres?.close();
    redis?.close();
  });

  for (const state of ['frozen', 'shut'] as const) {
    it(`a send hears 503 within 3 s while PostgreSQL is ${state}, and is taken within 5 s of its return, each key once`, async () => {
      postgres.set(state);
      const started = Date.now();
      const during = [1, 2, 3].map(async (n) => {
        await new Promise((resolve) => setTimeout(resolve, n * 300));
        const at = Date.now();
        const { status } = await m.send('usr_a', {
          chat_id: 'faults',
          content: `${state} ${n}`,
          client_id: `${state}${n}`,
        });
        return { status, ms: Date.now() - at };
      });
      for (const { status, ms } of await Promise.all(during)) {
        expect(status).to.equal(503);
        expect(ms).to.be.below(3000);
      }
      expect(Date.now() - started).to.be.below(5000);
      postgres.set('open');
      const back = Date.now();
      await until(
        async () =>
          (await m.send('usr_a', { chat_id: 'faults', content: `${state} 1`, client_id: `${state}1` })).status < 300,
        5000,
      );
      expect(Date.now() - back).to.be.below(5000);
      for (const n of [2, 3])
        expect(
          (await m.send('usr_a', { chat_id: 'faults', content: `${state} ${n}`, client_id: `${state}${n}` })).status,
        ).to.be.below(300);
      const frames = await m.log('faults');
      expect(frames.map(({ seq }) => seq)).to.deep.equal(frames.map((_, i) => i + 1));
      expect(frames.filter(({ content }) => String(content).startsWith(state)).length).to.equal(3);
    }).timeout(20_000);
  }

  it('with Redis shut a send is committed and answered at once, and published when Redis is back', async () => {
    const node = await m.listen(['r:faults']);
    redis.set('shut');
    const started = Date.now();
    const { body } = await m.send('usr_a', { chat_id: 'faults', content: 'unheard' }).expect(201);
    expect(Date.now() - started).to.be.below(400);
    await new Promise((resolve) => setTimeout(resolve, 900));
    redis.set('open');
    await until(() => node.records.some(({ seq }) => seq === body.seq), 5000);
    node.stop();
  }).timeout(12_000);
});
