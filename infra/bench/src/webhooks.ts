// `npm run bench -- webhooks`: deliveries to ten webhooks, and the time from the commit of a
// message to the request that tells of it; then the same beside a receiver that never answers.
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, startCluster } from '@chatapi/local';
import { Agent, request } from 'undici';
import { cpuTimes, used } from './proc.ts';
import { percentile, short } from './stats.ts';

const WEBHOOKS = 10;
const ROOMS = 100;
const SENDS_PER_S = 100;
const SECONDS = 15;
const WARM_UP_S = 3;
const SETTLE_MS = 60_000;
const ADMIN = { username: 'chief', email: 'chief@example.com', password: 'quiet-harbour-lamp-41' };
const ENV: NodeJS.ProcessEnv = {
  LOG_LEVEL: 'error',
  BCRYPT_COST: '4',
  RATE_LIMIT_REQUESTS: '0',
  RATE_LIMIT_REGISTRATIONS: '0',
  ADMIN_USERNAME: ADMIN.username,
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
};

interface Bench {
  cluster: Cluster;
  agent: Agent;
  admin: string;
  person: string;
  rooms: string[];
}

async function call(
  { cluster, agent }: Pick<Bench, 'cluster' | 'agent'>,
  method: 'POST' | 'DELETE',
  path: string,
  token: string,
  body?: object,
): Promise<any> {
  const headers = { 'content-type': 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) };
  const given = body && JSON.stringify(body);
  const answer = await request(`${cluster.url}${path}`, { method, headers, body: given, dispatcher: agent });
  const said = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${path} answered ${answer.statusCode}: ${said}`);
  return said === '' ? undefined : JSON.parse(said);
}

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

/** At a fixed rate, whether earlier ones were answered or not. @returns how many. */
async function send(bench: Bench, seconds: number): Promise<number> {
  const began = performance.now();
  const count = SENDS_PER_S * seconds;
  const answers: Promise<unknown>[] = [];
  for (let n = 0; n < count; n++) {
    await sleep(Math.max(0, began + (n * 1000) / SENDS_PER_S - performance.now()));
    const body = { chat_id: bench.rooms[n % ROOMS], content: `message ${n}` };
    answers.push(call(bench, 'POST', '/messages/', bench.person, body));
  }
  await Promise.all(answers);
  return count;
}

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

async function prepare(cluster: Cluster, agent: Agent): Promise<Bench> {
  const base = { cluster, agent };
  const { username, password } = ADMIN;
  const login = { username_or_email: username, password };
  const { access_token: admin } = await call(base, 'POST', '/users/login', '', login);
  const person = { username: 'person', email: 'person@example.com', password: 'copper-violet-meadow-27' };
  const { access_token } = await call(base, 'POST', '/users/register', '', person);
  const rooms = Array.from({ length: ROOMS }, (_, i) => `room-${i}`);
  for (const chat_id of rooms) await call(base, 'POST', '/rooms', access_token, { chat_id });
  return { ...base, admin, person: access_token, rooms };
}

/** @returns the results, one line each. */
export async function webhooks(say: (text: string) => void): Promise<string> {
  const cluster = await startCluster({ env: ENV });
  const agent = new Agent({ connections: 64 });
  const [receiver, hanging] = [await startReceiver(), await startHanging()];
  try {
    const bench = await prepare(cluster, agent);
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
