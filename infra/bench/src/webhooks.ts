// `npm run bench -- webhooks`: deliveries to ten webhooks, and the time from the commit of a
// message to the request that tells of it; then the same beside a receiver that never answers.
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '@chatapi/local';
import { Agent } from 'undici';
import { cpuTimes, used } from './proc.ts';
import { type Bench, call, ENV, prepare, sendAtRate } from './rest-cluster.ts';
import { percentile, short } from './stats.ts';

const WEBHOOKS = 10;
const ROOMS = 100;
const SENDS_PER_S = 100;
const SECONDS = 15;
const WARM_UP_S = 3;
const SETTLE_MS = 60_000;
interface Receiver {
  url: string;
  /** Of messages, in ms, since `clear`. */
  delays: number[];
  stop(): void;
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function stopper(server: Server): () => void {
  return () => {
    server.close();
    server.closeAllConnections();
  };
}

async function startReceiver(): Promise<Receiver> {
  const delays: number[] = [];
  const server = createServer(async (req, res) => {
    const at = Date.now();
    const { data } = JSON.parse(await text(req)) as { data: { created_at: string } };
    delays.push(at - Date.parse(data.created_at));
    res.writeHead(204).end();
  });
  return { url: await listening(server), delays, stop: stopper(server) };
}

async function startHanging(): Promise<Receiver> {
  const server = createServer(() => undefined);
  return { url: await listening(server), delays: [], stop: stopper(server) };
}

const makeWebhook = (bench: Bench, url: string): Promise<{ id: string }> =>
  call(bench, 'POST', '/admin/webhooks', bench.admin, { url, events: ['message'], rooms: bench.rooms });

const send = (bench: Bench, seconds: number): Promise<number> =>
  sendAtRate(bench, { perSecond: SENDS_PER_S, seconds, onAnswer: () => undefined });

async function measure(bench: Bench, { delays }: Receiver, name: string): Promise<string> {
  const settled = async (due: number): Promise<void> => {
    for (const end = Date.now() + SETTLE_MS; delays.length < due && Date.now() < end; ) await sleep(20);
  };
  await settled(WEBHOOKS * (await send(bench, WARM_UP_S)));
  delays.length = 0;
  const pids = Object.fromEntries(
    bench.cluster.instances.map((one) => [one.name, bench.cluster.pid(one.name) as number]),
  );
  const before = cpuTimes(pids);
  const began = performance.now();
  const due = WEBHOOKS * (await send(bench, SECONDS));
  await settled(due);
  const seconds = (performance.now() - began) / 1000;
  const cpu = used(before, cpuTimes(pids));
  const own = Object.entries(cpu).find(([instance]) => instance.startsWith('integration'))?.[1] ?? 0;
  return (
    `${name}: ${short(delays.length / seconds)} deliveries/s, ${due - delays.length} missing; commit to request ` +
    `p50 ${short(percentile(delays, 0.5))} ms, p99 ${short(percentile(delays, 0.99))} ms; ` +
    `integration ${short(own / delays.length)} µs of CPU each`
  );
}

/** @returns the results, one line each. */
export async function webhooks(say: (text: string) => void): Promise<string> {
  const cluster = await startCluster({ env: ENV });
  const agent = new Agent({ connections: 64 });
  const [receiver, hanging] = [await startReceiver(), await startHanging()];
  try {
    const bench = await prepare(cluster, agent, ROOMS);
    for (let n = 0; n < WEBHOOKS; n++) await makeWebhook(bench, receiver.url);
    const lines = [`${WEBHOOKS} webhooks, ${ROOMS} rooms, ${SENDS_PER_S} messages/s for ${SECONDS} s`];
    const note = (line: string): void => {
      say(line);
      lines.push(line);
    };
    note(await measure(bench, receiver, 'all answer'));
    const { id } = await makeWebhook(bench, hanging.url);
    note(await measure(bench, receiver, 'beside one that hangs'));
    await call(bench, 'DELETE', `/admin/webhooks/${id}`, bench.admin);
    note(await measure(bench, receiver, 'all answer again'));
    return lines.join('\n');
  } finally {
    for (const { stop } of [receiver, hanging]) stop();
    await agent.close();
    await cluster.stop();
    rmSync(cluster.dataDir, { recursive: true, force: true });
  }
}
