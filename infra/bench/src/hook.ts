// `npm run bench -- hook`: the latency of sends in rooms that the hook before messages is not asked
// about, while it is asked about as many others and answers slowly; then the same with a hook that
// answers at once: whoever waited for the slow one would be faster beside it.
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { startCluster } from '@chatapi/local';
import { Agent } from 'undici';
import { cpuTimes, used } from './proc.ts';
import { type Bench, call, ENV, prepare, sendAtRate } from './rest-cluster.ts';
import { median, percentile, short } from './stats.ts';

const ROOMS = 100;
const isAsked = (room: number): boolean => room % 2 === 0;
const LOAD = { perSecond: 100, seconds: 10 };
const SLOW_MS = 200;
const HOLDS_MS = 1000;
const ROUNDS = 10;
const PATH = '/admin/hooks/before-message';

interface Receiver {
  url: string;
  stop(): Promise<unknown>;
}

/** In a thread of its own, since its work is none of the clients'. */
async function startReceiver(answersAfterMs: number): Promise<Receiver> {
  const worker = new Worker(new URL('./hook-receiver-worker.ts', import.meta.url), { workerData: { answersAfterMs } });
  const [url] = (await once(worker, 'message')) as [string];
  return { url, stop: () => worker.terminate() };
}

/** Latencies in ms, of all rounds so far. */
class Seen {
  readonly free: number[] = [];
  readonly asked: number[] = [];
  /** p99 of the rooms that are not asked about, by round. */
  readonly p99: number[] = [];
  /** CPU of the services, PostgreSQL and Redis in µs. */
  cpu = 0;

  async measure(bench: Bench): Promise<void> {
    const { cluster } = bench;
    const pids = (): Record<string, number> =>
      Object.fromEntries(cluster.instances.map(({ name }) => [name, cluster.pid(name) as number]));
    const before = cpuTimes(pids());
    const free: number[] = [];
    const onAnswer = (room: number, ms: number): void => void (isAsked(room) ? this.asked : free).push(ms);
    await sendAtRate(bench, { ...LOAD, onAnswer });
    this.cpu += Object.values(used(before, cpuTimes(pids()))).reduce((sum, us) => sum + us, 0);
    this.free.push(...free);
    this.p99.push(percentile(free, 0.99));
  }

  get perMessage(): string {
    return `${short(this.cpu / (this.free.length + this.asked.length))} µs of CPU a message`;
  }
}

async function measureWithHook(bench: Bench, seen: Seen, url: string): Promise<void> {
  const hook = { url, on_failure: 'reject', timeout_ms: 1000, rooms: bench.rooms.filter((_, i) => isAsked(i)) };
  await call(bench, 'PUT', PATH, bench.admin, hook);
  await sleep(HOLDS_MS);
  await seen.measure(bench);
  await call(bench, 'DELETE', PATH, bench.admin);
  await sleep(HOLDS_MS);
}

const shown = (name: string, ms: number[]): string =>
  `${name} p50 ${short(percentile(ms, 0.5))} ms, p99 ${short(percentile(ms, 0.99))} ms`;

function ratios(name: string, seen: Seen, without: Seen): string {
  const all = percentile(seen.free, 0.99) / percentile(without.free, 0.99);
  const rounds = median(seen.p99.map((ms, i) => ms / (without.p99[i] as number)));
  return `${name} ${all.toFixed(2)} × the p99 without a hook, median of the rounds ${rounds.toFixed(2)}`;
}

/** In turn, so that all see the same machine. */
async function compare(bench: Bench, slow: string, quick: string, say: (text: string) => void): Promise<string[]> {
  const [without, besideSlow, besideQuick] = [new Seen(), new Seen(), new Seen()];
  await new Seen().measure(bench);
  for (let round = 1; round <= ROUNDS; round++) {
    await without.measure(bench);
    await measureWithHook(bench, besideSlow, slow);
    await measureWithHook(bench, besideQuick, quick);
    say(
      `round ${round}: p99 ${[without, besideSlow, besideQuick].map(({ p99 }) => short(p99.at(-1) as number)).join(', ')} ms`,
    );
  }
  return [
    `${shown('without a hook:', without.free)}; ${without.perMessage}`,
    `${shown(`rooms not asked about, beside as many whose hook takes ${SLOW_MS} ms:`, besideSlow.free)}; ${besideSlow.perMessage}`,
    `${shown('beside as many whose hook answers at once:', besideQuick.free)}; ${besideQuick.perMessage}`,
    shown(`rooms asked about, ${SLOW_MS} ms:`, besideSlow.asked),
    shown('rooms asked about, at once:', besideQuick.asked),
    ratios('beside the slow hook:', besideSlow, without),
    ratios('beside the quick hook:', besideQuick, without),
  ];
}

/** @returns the results, one line each. */
export async function hook(say: (text: string) => void): Promise<string> {
  const cluster = await startCluster({ env: ENV });
  const agent = new Agent({ connections: 64 });
  const [slow, quick] = [await startReceiver(SLOW_MS), await startReceiver(0)];
  try {
    return (await compare(await prepare(cluster, agent, ROOMS), slow.url, quick.url, say)).join('\n');
  } finally {
    await Promise.all([slow.stop(), quick.stop()]);
    await agent.close();
    await cluster.stop();
    rmSync(cluster.dataDir, { recursive: true, force: true });
  }
}
