// `npm run bench -- webhooks`: deliveries to ten webhooks, and the time from the commit of a
// message to the request that tells of it; then the same beside a receiver that never answers.
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '@chatapi/local';
import { Agent } from 'undici';
import { cpuTimes, used } from './proc.ts';
import { type Received, startHanging, startReceiver } from './receivers.ts';
import { type Bench, call, ENV, prepare, sendAtRate } from './rest-cluster.ts';
import { percentile, short } from './stats.ts';

const WEBHOOKS = 10;
const ROOMS = 100;
const SENDS_PER_S = 100;
const SECONDS = 15;
const WARM_UP_S = 3;
const SETTLE_MS = 60_000;

/** What arrived, each event of each webhook once. */
interface Arrivals {
  /** In ms from commit to request, of messages that were committed since `from`. */
  delays: number[];
  repeated: number;
  /** In ms, of the first and the last of them. */
  first: number;
  last: number;
  /** Forgets what arrived, and passes over what was committed before. */
  restart(): void;
  receive(path: string, one: Received): void;
}

function arrivals(): Arrivals {
  let seen = new Set<string>();
  let from = 0;
  return {
    delays: [],
    repeated: 0,
    first: 0,
    last: 0,
    restart() {
      from = Date.now();
      seen = new Set();
      this.delays = [];
      this.repeated = 0;
      this.first = 0;
    },
    receive(path, { id, data, at }) {
      const committed = Date.parse(data.created_at);
      if (committed < from) return;
      if (seen.has(`${path} ${id}`)) this.repeated++;
      else {
        this.delays.push(at - committed);
        this.first ||= at;
        this.last = at;
      }
      seen.add(`${path} ${id}`);
    },
  };
}

const makeWebhook = (bench: Bench, url: string): Promise<{ id: string }> =>
  call(bench, 'POST', '/admin/webhooks', bench.admin, { url, events: ['message'], rooms: bench.rooms });

const send = (bench: Bench, seconds: number): Promise<number> =>
  sendAtRate(bench, { perSecond: SENDS_PER_S, seconds, onAnswer: () => undefined });

async function measure(bench: Bench, arrived: Arrivals, name: string): Promise<string> {
  const settled = async (due: number): Promise<void> => {
    for (const end = Date.now() + SETTLE_MS; arrived.delays.length < due && Date.now() < end; ) await sleep(20);
  };
  arrived.restart();
  await settled(WEBHOOKS * (await send(bench, WARM_UP_S)));
  arrived.restart();
  const pids = Object.fromEntries(
    bench.cluster.instances.map((one) => [one.name, bench.cluster.pid(one.name) as number]),
  );
  const before = cpuTimes(pids);
  const due = WEBHOOKS * (await send(bench, SECONDS));
  await settled(due);
  const cpu = used(before, cpuTimes(pids));
  const own = Object.entries(cpu).find(([instance]) => instance.startsWith('integration'))?.[1] ?? 0;
  const { delays, repeated, first, last } = arrived;
  return (
    `${name}: ${short((1000 * delays.length) / (last - first))} deliveries/s, ${due - delays.length} missing, ${repeated} repeated; ` +
    `commit to request p50 ${short(percentile(delays, 0.5))} ms, p99 ${short(percentile(delays, 0.99))} ms; ` +
    `integration ${short(own / delays.length)} µs of CPU each`
  );
}

/** @returns the results, one line each. */
export async function webhooks(say: (text: string) => void): Promise<string> {
  const cluster = await startCluster({ env: ENV });
  const agent = new Agent({ connections: 64 });
  const arrived = arrivals();
  const [receiver, hanging] = [await startReceiver((path, one) => arrived.receive(path, one)), await startHanging()];
  try {
    const bench = await prepare(cluster, agent, ROOMS);
    for (let n = 0; n < WEBHOOKS; n++) await makeWebhook(bench, `${receiver.url}${n}`);
    const lines = [`${WEBHOOKS} webhooks, ${ROOMS} rooms, ${SENDS_PER_S} messages/s for ${SECONDS} s`];
    const note = (line: string): void => {
      say(line);
      lines.push(line);
    };
    note(await measure(bench, arrived, 'all answer'));
    const { id } = await makeWebhook(bench, hanging.url);
    note(await measure(bench, arrived, 'beside one that hangs'));
    await call(bench, 'DELETE', `/admin/webhooks/${id}`, bench.admin);
    note(await measure(bench, arrived, 'all answer again'));
    return lines.join('\n');
  } finally {
    for (const { stop } of [receiver, hanging]) stop();
    await agent.close();
    await cluster.stop();
    rmSync(cluster.dataDir, { recursive: true, force: true });
  }
}
