// `npm run bench -- keys`: time from the end of an application key until the last request with it
// that a gateway accepted, under load on two gateways, with Redis and with a stopped Redis. And
// what a request with a key costs, against one of a person.
import { rmSync } from 'node:fs';
import { type Cluster, startCluster, urlOf } from '@chatapi/local';
import { Agent, request } from 'undici';
import { cpuTimes, used } from './proc.ts';
import { ADMIN } from './rest-cluster.ts';
import { percentile, short } from './stats.ts';

const KEYS = 100;
/** Requests of one key that are open at once at each gateway. */
const OPEN = 2;
/** Load with other keys on each gateway meanwhile. */
const OTHERS = 4;
/** For how long a key is used after its end, in ms. */
const AFTER_MS = 1500;
const COMPARED = 3000;
const PASSWORD = 'copper-violet-meadow-27';
const ENV: NodeJS.ProcessEnv = {
  LOG_LEVEL: 'error',
  BCRYPT_COST: '4',
  GATEWAY_INSTANCES: '2',
  RATE_LIMIT_REQUESTS: '0',
  RATE_LIMIT_KEYS: '0',
  RATE_LIMIT_REGISTRATIONS: '0',
  ADMIN_USERNAME: ADMIN.username,
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
};

type Say = (text: string) => void;

interface Bench {
  cluster: Cluster;
  agent: Agent;
  gateways: string[];
  admin: string;
  person: { id: string; token: string };
}

async function call(
  { agent }: Pick<Bench, 'agent'>,
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  token: string,
  body?: object,
): Promise<{ status: number; body: any }> {
  const headers = { 'content-type': 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) };
  const answer = await request(url, { method, headers, body: body && JSON.stringify(body), dispatcher: agent });
  const text = await answer.body.text();
  return { status: answer.statusCode, body: text === '' ? undefined : JSON.parse(text) };
}

async function must(...args: Parameters<typeof call>): Promise<any> {
  const { status, body } = await call(...args);
  if (status >= 300) throw new Error(`${args[2]} answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

const makeKey = ({ gateways, admin, ...bench }: Bench, name: string): Promise<{ id: string; key: string }> =>
  must(bench, 'POST', `${gateways[0]}/admin/keys`, admin, { name, scopes: ['users:read'] });

/** Uses a key at one gateway until `until`. @returns when the last accepted request began. */
async function useKey(bench: Bench, gateway: string, key: string, until: () => boolean): Promise<number> {
  let last = Number.NEGATIVE_INFINITY;
  while (!until()) {
    const began = performance.now();
    const { status } = await call(bench, 'GET', `${gateway}/users/${bench.person.id}`, key);
    if (status === 200) last = Math.max(last, began);
    else if (status !== 401) throw new Error(`a key was answered ${status}`);
    else await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return last;
}

/** @returns ms from the answer of its end to the begin of the last accepted request; 0: before. */
async function endOne(bench: Bench): Promise<number> {
  const { id, key } = await makeKey(bench, 'ended');
  let end = Number.POSITIVE_INFINITY;
  const isOver = (): boolean => performance.now() > end + AFTER_MS;
  const uses = bench.gateways.flatMap((gateway) =>
    Array.from({ length: OPEN }, () => useKey(bench, gateway, key, isOver)),
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  await must(bench, 'DELETE', `${bench.gateways[0]}/admin/keys/${id}`, bench.admin);
  end = performance.now();
  return Math.max(0, Math.max(...(await Promise.all(uses))) - end);
}

const figures = (name: string, times: number[]): string =>
  `${times.length} keys ended under load on two gateways, ${name}: last accepted request after the answer ` +
  `p50 ${short(percentile(times, 0.5))} ms, p99 ${short(percentile(times, 0.99))} ms, worst ${short(Math.max(...times))} ms`;

async function endAll(bench: Bench, name: string, say: Say): Promise<string> {
  const others = await makeKey(bench, 'others');
  let over = false;
  const load = bench.gateways.flatMap((gateway) =>
    Array.from({ length: OTHERS }, () => useKey(bench, gateway, others.key, () => over)),
  );
  const times: number[] = [];
  while (times.length < KEYS) {
    times.push(await endOne(bench));
    if (times.length % 25 === 0) say(figures(name, times));
  }
  over = true;
  await Promise.all(load);
  return figures(name, times);
}

/** CPU of all processes for each request, in µs. */
async function costOf(bench: Bench, token: string): Promise<number> {
  const { cluster, gateways, person } = bench;
  const pids = Object.fromEntries(cluster.instances.map((one) => [one.name, cluster.pid(one.name) as number]));
  const before = cpuTimes(pids);
  for (let n = 0; n < COMPARED; n++) await must(bench, 'GET', `${gateways[0]}/users/${person.id}`, token);
  return Object.values(used(before, cpuTimes(pids))).reduce((sum, us) => sum + us, 0) / COMPARED;
}

async function compare(bench: Bench): Promise<string> {
  const { key } = await makeKey(bench, 'compared');
  const costs: { key: number; person: number }[] = [];
  await costOf(bench, key);
  for (let round = 0; round < 5; round++)
    costs.push({ person: await costOf(bench, bench.person.token), key: await costOf(bench, key) });
  const ratios = costs.map((one) => one.key / one.person).sort((a, b) => a - b);
  const median = (of: 'key' | 'person'): string =>
    short(costs.map((one) => one[of]).sort((a, b) => a - b)[2] as number);
  return (
    `GET /users/{id}, CPU of all services per request, five rounds in turn: person ${median('person')} µs, ` +
    `key ${median('key')} µs; ratio ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}`
  );
}

/** @returns the results, one line each. */
export async function keys(say: Say): Promise<string> {
  const cluster = await startCluster({ env: ENV });
  const agent = new Agent({ connections: 64 });
  try {
    const gateways = cluster.instances.filter(({ dir }) => dir === 'api-gateway').map(urlOf);
    const { username, password } = ADMIN;
    const admin = await must({ agent }, 'POST', `${gateways[0]}/users/login`, '', {
      username_or_email: username,
      password,
    });
    const person = { username: 'person', email: 'person@example.com', password: PASSWORD };
    const { user, access_token } = await must({ agent }, 'POST', `${gateways[0]}/users/register`, '', person);
    const bench: Bench = {
      cluster,
      agent,
      gateways,
      admin: admin.access_token,
      person: { id: user.id, token: access_token },
    };
    const compared = await compare(bench);
    say(compared);
    const lines = [compared, await endAll(bench, 'with Redis', say)];
    cluster.kill('redis', 'SIGSTOP');
    try {
      lines.push(await endAll(bench, 'Redis frozen', say));
    } finally {
      cluster.kill('redis', 'SIGCONT');
    }
    return lines.join('\n');
  } finally {
    await agent.destroy();
    await cluster.stop();
    rmSync(cluster.dataDir, { recursive: true, force: true });
  }
}
