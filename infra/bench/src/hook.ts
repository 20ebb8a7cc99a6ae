// `npm run bench -- hook`: the latency of sends in rooms that the hook before messages is not asked
// about, while it is asked about as many others and answers slowly.
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '@chatapi/local';
import { Agent } from 'undici';
import { type Bench, call, ENV, prepare, sendAtRate } from './rest-cluster.ts';
import { percentile, short } from './stats.ts';

const ROOMS = 100;
const ASKED = ROOMS / 2;
const LOAD = { perSecond: 100, seconds: 10 };
const ANSWERS_AFTER_MS = 200;
const HOLDS_MS = 1000;
const ROUNDS = 3;
const PATH = '/admin/hooks/before-message';

async function startJudge(): Promise<{ url: string; stop(): void }> {
  const server = createServer(async (req, res) => {
    const { data } = JSON.parse(await text(req)) as { data: { messages: object[] } };
    await sleep(ANSWERS_AFTER_MS);
    res.end(JSON.stringify({ results: data.messages.map(() => ({ action: 'accept' })) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop };
}

async function latencies(bench: Bench): Promise<{ free: number[]; asked: number[] }> {
  const seen = { free: [] as number[], asked: [] as number[] };
  await sendAtRate(bench, { ...LOAD, onAnswer: (room, ms) => void seen[room < ASKED ? 'asked' : 'free'].push(ms) });
  return seen;
}

const shown = (name: string, ms: number[]): string =>
  `${name} p50 ${short(percentile(ms, 0.5))} ms, p99 ${short(percentile(ms, 0.99))} ms`;

/** In turn, so that both see the same machine. */
async function compare(bench: Bench, url: string, say: (text: string) => void): Promise<string[]> {
  const without: number[] = [];
  const free: number[] = [];
  const asked: number[] = [];
  await latencies(bench);
  for (let round = 1; round <= ROUNDS; round++) {
    without.push(...(await latencies(bench)).free);
    const hook = { url, on_failure: 'reject', timeout_ms: 1000, rooms: bench.rooms.slice(0, ASKED) };
    await call(bench, 'PUT', PATH, bench.admin, hook);
    await sleep(HOLDS_MS);
    const seen = await latencies(bench);
    free.push(...seen.free);
    asked.push(...seen.asked);
    await call(bench, 'DELETE', PATH, bench.admin);
    await sleep(HOLDS_MS);
    say(`round ${round}`);
  }
  const ratio = percentile(free, 0.99) / percentile(without, 0.99);
  return [
    shown('without a hook:', without),
    shown(`rooms not asked about, beside ${ASKED} whose hook takes ${ANSWERS_AFTER_MS} ms:`, free),
    shown('rooms asked about:', asked),
    `p99 of the rooms not asked about: ${ratio.toFixed(2)} × that without a hook`,
  ];
}

/** @returns the results, one line each. */
export async function hook(say: (text: string) => void): Promise<string> {
  const cluster = await startCluster({ env: ENV });
  const agent = new Agent({ connections: 64 });
  const judge = await startJudge();
  try {
    return (await compare(await prepare(cluster, agent, ROOMS), judge.url, say)).join('\n');
  } finally {
    judge.stop();
    await agent.close();
    await cluster.stop();
    rmSync(cluster.dataDir, { recursive: true, force: true });
  }
}
