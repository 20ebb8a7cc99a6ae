// `npm run bench -- hook`: the latency of sends in rooms that the hook before messages is not asked
// about, while it is asked about as many others and answers slowly.
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { startCluster } from '@chatapi/local';
import { Agent } from 'undici';
import { type Bench, call, ENV, prepare, sendAtRate } from './rest-cluster.ts';
import { median, percentile, short } from './stats.ts';

const ROOMS = 100;
const isAsked = (room: number): boolean => room % 2 === 0;
const LOAD = { perSecond: 100, seconds: 10 };
const ANSWERS_AFTER_MS = 200;
const HOLDS_MS = 1000;
const ROUNDS = 10;
const PATH = '/admin/hooks/before-message';

/** In a thread of its own, since its work is none of the clients'. */
async function startReceiver(): Promise<{ url: string; stop(): Promise<unknown> }> {
  const worker = new Worker(new URL('./hook-receiver-worker.ts', import.meta.url), {
    workerData: { answersAfterMs: ANSWERS_AFTER_MS },
  });
  const [url] = (await once(worker, 'message')) as [string];
  return { url, stop: () => worker.terminate() };
}

async function latencies(bench: Bench): Promise<{ free: number[]; asked: number[] }> {
  const seen = { free: [] as number[], asked: [] as number[] };
  await sendAtRate(bench, { ...LOAD, onAnswer: (room, ms) => void seen[isAsked(room) ? 'asked' : 'free'].push(ms) });
  return seen;
}

const shown = (name: string, ms: number[]): string =>
  `${name} p50 ${short(percentile(ms, 0.5))} ms, p99 ${short(percentile(ms, 0.99))} ms`;

/** In turn, so that both see the same machine. */
async function compare(bench: Bench, url: string, say: (text: string) => void): Promise<string[]> {
  const without: number[] = [];
  const free: number[] = [];
  const asked: number[] = [];
  const ratios: number[] = [];
  await latencies(bench);
  for (let round = 1; round <= ROUNDS; round++) {
    const before = (await latencies(bench)).free;
    without.push(...before);
    const hook = { url, on_failure: 'reject', timeout_ms: 1000, rooms: bench.rooms.filter((_, i) => isAsked(i)) };
    await call(bench, 'PUT', PATH, bench.admin, hook);
    await sleep(HOLDS_MS);
    const seen = await latencies(bench);
    free.push(...seen.free);
    asked.push(...seen.asked);
    ratios.push(percentile(seen.free, 0.99) / percentile(before, 0.99));
    await call(bench, 'DELETE', PATH, bench.admin);
    await sleep(HOLDS_MS);
    say(`round ${round}: ${(ratios.at(-1) as number).toFixed(2)} × the p99`);
  }
  const ratio = percentile(free, 0.99) / percentile(without, 0.99);
  return [
    shown('without a hook:', without),
    shown(`rooms not asked about, beside as many whose hook takes ${ANSWERS_AFTER_MS} ms:`, free),
    shown('rooms asked about:', asked),
    `p99 of the rooms not asked about: ${ratio.toFixed(2)} × that without a hook,`,
    `median of the ${ROUNDS} rounds ${median(ratios).toFixed(2)}`,
  ];
}

/** @returns the results, one line each. */
export async function hook(say: (text: string) => void): Promise<string> {
  const cluster = await startCluster({ env: ENV });
  const agent = new Agent({ connections: 64 });
  const receiver = await startReceiver();
  try {
    return (await compare(await prepare(cluster, agent, ROOMS), receiver.url, say)).join('\n');
  } finally {
    await receiver.stop();
    await agent.close();
    await cluster.stop();
    rmSync(cluster.dataDir, { recursive: true, force: true });
  }
}
