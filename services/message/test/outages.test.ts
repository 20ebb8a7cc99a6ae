// PostgreSQL and Redis behind a TCP proxy that the test can close or freeze.

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Messages, openMessages } from './harness.ts';

interface Proxy {
  port: number;
  /** `frozen`: connections stay open without traffic. `shut`: all connections are closed. */
  state: 'open' | 'frozen' | 'shut';
  set(state: Proxy['state']): void;
  close(): void;
}

async function startProxy(url: string): Promise<Proxy> {
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

describe('when PostgreSQL or Redis is down', () => {
  const database = process.env.TEST_DATABASE_URL ?? '';
  const redisUrl = new URL('/9', process.env.TEST_REDIS_URL ?? 'redis://missing').href;
  let postgres: Proxy;
  let redis: Proxy;
  let m: Messages;
  before(async () => {
    postgres = await startProxy(database);
    redis = await startProxy(redisUrl);
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
    it(`a send fails with 503 while PostgreSQL is ${state}; a retry afterwards creates one message per client_id`, async () => {
      postgres.set(state);
      const during = [1, 2, 3].map(async (n) => {
        await new Promise((resolve) => setTimeout(resolve, n * 300));
        const { status } = await m.send('usr_a', {
          chat_id: 'faults',
          content: `${state} ${n}`,
          client_id: `${state}${n}`,
        });
        return status;
      });
      expect(await Promise.all(during)).to.deep.equal([503, 503, 503]);
      postgres.set('open');
      await eventually(
        async () =>
          (await m.send('usr_a', { chat_id: 'faults', content: `${state} 1`, client_id: `${state}1` })).status < 300,
        5000,
      );
      for (const n of [2, 3])
        expect(
          (await m.send('usr_a', { chat_id: 'faults', content: `${state} ${n}`, client_id: `${state}${n}` })).status,
        ).to.be.below(300);
      const frames = await m.log('faults');
      expect(frames.map(({ seq }) => seq)).to.deep.equal(frames.map((_, i) => i + 1));
      expect(frames.filter(({ content }) => String(content).startsWith(state)).length).to.equal(3);
    }).timeout(20_000);
  }

  it('without Redis a send is committed and acknowledged, and published when Redis returns', async () => {
    const node = await m.listen(['r:faults']);
    redis.set('shut');
    const { body } = await m.send('usr_a', { chat_id: 'faults', content: 'unheard' }).expect(201);
    await new Promise((resolve) => setTimeout(resolve, 900));
    redis.set('open');
    await eventually(() => node.records.some(({ seq }) => seq === body.seq), 5000);
    node.stop();
  }).timeout(12_000);
});
