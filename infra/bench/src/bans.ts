// `npm run bench -- bans`: time from a ban until the user's sockets on both nodes are closed with
// 4403, with Redis and with a stopped Redis (no signal, no error: the worst case).
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, startCluster, urlOf } from '@chatapi/local';
import { request } from 'undici';
import WebSocket from 'ws';
import { ADMIN } from './rest-cluster.ts';
import { percentile, short } from './stats.ts';

const BANS = 200;
const AT_ONCE = 10;
/** Time limit in ms; a socket that is still open then has failed. */
const MAX_MS = 10_000;
const SAID_EACH = 50;
const PASSWORD = 'copper-violet-meadow-27';
const ENV: NodeJS.ProcessEnv = {
  LOG_LEVEL: 'error',
  BCRYPT_COST: '4',
  RATE_LIMIT_REQUESTS: '0',
  RATE_LIMIT_LOGIN: '0',
  RATE_LIMIT_LOGIN_ADDRESS: '0',
  RATE_LIMIT_REGISTRATIONS: '0',
  RATE_LIMIT_WS_FRAMES: '0',
  RATE_LIMIT_UPGRADES: '0',
  ADMIN_USERNAME: ADMIN.username,
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
};

type Say = (text: string) => void;

async function post(url: string, body: object, token = ''): Promise<any> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const answer = await request(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${url} answered ${answer.statusCode}: ${text}`);
  return JSON.parse(text);
}

interface Person {
  id: string;
  /** When the later of the two sockets was closed with 4403, in `performance.now()` time. */
  closed: Promise<number>;
}

function openSocket(url: string, token: string): Promise<{ closed: Promise<number> }> {
  const ws = new WebSocket(`${url.replace(/^http/, 'ws')}/ws/me`, { headers: { authorization: `Bearer ${token}` } });
  const closed = new Promise<number>((resolve, reject) => {
    ws.on('close', (code) =>
      code === 4403 ? resolve(performance.now()) : reject(new Error(`closed with ${code}, not 4403`)),
    );
  });
  // The rejection is handled by a later await.
  closed.catch(() => undefined);
  return new Promise((resolve, reject) => {
    ws.once('message', () => resolve({ closed }));
    ws.on('error', reject);
  });
}

/** A user with a socket on each node. */
async function connected(cluster: Cluster, username: string): Promise<Person> {
  const person = { username, email: `${username}@example.com`, password: PASSWORD };
  const { user, access_token } = await post(`${cluster.url}/users/register`, person);
  const nodes = cluster.instances.filter(({ dir }) => dir === 'realtime-gateway').map(urlOf);
  const sockets = await Promise.all(nodes.map((url) => openSocket(url, access_token)));
  const closed = Promise.all(sockets.map((one) => one.closed)).then((times) => Math.max(...times));
  closed.catch(() => undefined);
  return { id: user.id, closed };
}

async function manyConnected(cluster: Cluster, stem: string): Promise<Person[]> {
  const people: Person[] = [];
  for (let n = 0; n < BANS; n += AT_ONCE)
    people.push(
      ...(await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => connected(cluster, `${stem}-${n + i}`)))),
    );
  return people;
}

const late = (): Promise<never> =>
  sleep(MAX_MS, undefined, { ref: false }).then(() => {
    throw new Error(`sockets of a banned user were open after ${MAX_MS} ms`);
  });

/** Time in ms until both sockets closed, from the request and from its response. */
async function banOne(
  cluster: Cluster,
  admin: string,
  { id, closed }: Person,
): Promise<{ order: number; answer: number }> {
  const ordered = performance.now();
  await post(`${cluster.url}/admin/users/${id}/ban`, { reason: 'bench' }, admin);
  const answered = performance.now();
  const at = await Promise.race([closed, late()]);
  return { order: at - ordered, answer: Math.max(0, at - answered) };
}

const figures = (latencies: number[]): string => {
  const [p50, p99] = [0.5, 0.99].map((share) => short(percentile(latencies, share)));
  return `p50 ${p50} ms, p99 ${p99} ms, worst ${short(Math.max(...latencies))} ms`;
};

/** Bans one user after the other. */
async function measure(cluster: Cluster, admin: string, name: string, people: Person[], say: Say): Promise<string> {
  const latencies: { order: number; answer: number }[] = [];
  const lines = (): string =>
    `${latencies.length} bans, sockets on both nodes, ${name}: from the answer ${figures(latencies.map((l) => l.answer))}; ` +
    `from the order ${figures(latencies.map((l) => l.order))}`;
  for (const person of people) {
    latencies.push(await banOne(cluster, admin, person));
    if (latencies.length % SAID_EACH === 0) say(lines());
  }
  return lines();
}

/** @returns the results, one line each. */
export async function bans(say: Say): Promise<string> {
  const cluster = await startCluster({ env: ENV });
  try {
    const { username, password } = ADMIN;
    const { access_token } = await post(`${cluster.url}/users/login`, { username_or_email: username, password });
    say(`connecting ${BANS * 2} people to both nodes`);
    const [first, second] = [await manyConnected(cluster, 'with'), await manyConnected(cluster, 'without')];
    const lines = [await measure(cluster, access_token, 'with Redis', first, say)];
    cluster.kill('redis', 'SIGSTOP');
    try {
      lines.push(await measure(cluster, access_token, 'Redis frozen', second, say));
      return lines.join('\n');
    } finally {
      cluster.kill('redis', 'SIGCONT');
    }
  } finally {
    await cluster.stop();
    rmSync(cluster.dataDir, { recursive: true, force: true });
  }
}
