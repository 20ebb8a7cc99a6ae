// `npm run bench -- admin-users`: pages of GET /admin/users through the gateway, as the console
// asks for them, among 100,000 accounts. One request at a time: the time is the server's own.
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeCursor } from '@chatapi/kit';
import { type Cluster, startCluster } from '@chatapi/local';
import { Agent } from 'undici';
import { addAccounts, placeOf, type Sort } from './admin-users-store.ts';
import { type Owner, openOwner } from './fixture-store.ts';
import { cpuTimes, used } from './proc.ts';
import { type Bench, ENV, prepare } from './rest-cluster.ts';
import { percentile, short } from './stats.ts';

const GOAL_MS = 200;
const LIMIT = 50;
const WARM_UP = 50;
const REQUESTS = 100;
const IDLE_S = 5;
/** Their share of the CPU time; PostgreSQL has most of it. */
const SHOWN = ['api-gateway', 'admin', 'auth', 'user', 'postgres'];

interface Case {
  name: string;
  sort: Sort;
  search: string;
  /** Of the accounts that match, how many are before the page. */
  share: number;
}

const both = (name: string, sort: Sort, search = ''): Case[] => [
  { name: `${name}, first page`, sort, search, share: 0 },
  { name: `${name}, behind 9 of 10`, sort, search, share: 0.9 },
];

const casesOf = (count: number): Case[] => [
  ...both('by creation', 'created'),
  ...both('last seen first', 'last_seen'),
  ...both('by username', 'username'),
  ...both('search that 1 in 10 match', 'created', 'lena'),
  { name: 'search that 1 matches', sort: 'created', search: `-${Math.floor(count / 2)}`, share: 0 },
];

interface Run {
  bench: Bench;
  owner: Owner;
  /** CPU µs per second of each process while nobody asks. */
  idle: Record<string, number>;
}

const pidsOf = (cluster: Cluster): Record<string, number> =>
  Object.fromEntries(
    [...cluster.instances.map(({ name }) => name), 'postgres'].map((name) => [name, cluster.pid(name) ?? 0]),
  );

/** CPU time in µs by group of processes. */
async function spent(cluster: Cluster, work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = cpuTimes(pidsOf(cluster));
  await work();
  const groups: Record<string, number> = {};
  for (const [name, us] of Object.entries(used(before, cpuTimes(pidsOf(cluster))))) {
    const group = name.replace(/-\d+$/, '');
    groups[group] = (groups[group] ?? 0) + us;
  }
  return groups;
}

interface Answer {
  users: object[];
  total: number;
}

async function ask({ agent, cluster, admin }: Bench, query: string): Promise<Answer> {
  const path = `/admin/users?${query}`;
  const headers = { authorization: `Bearer ${admin}` };
  const answer = await agent.request({ origin: cluster.url, path, method: 'GET', headers });
  const said = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}: ${said}`);
  return JSON.parse(said) as Answer;
}

async function queryOf({ bench, owner }: Run, { sort, search, share }: Case): Promise<string> {
  const query = new URLSearchParams({ sort, search, limit: String(LIMIT) });
  const { total } = await ask(bench, query.toString());
  const depth = Math.floor(total * share);
  if (depth > 0) query.set('cursor', encodeCursor(await placeOf(owner, sort, depth, search)));
  return query.toString();
}

async function measure(run: Run, one: Case): Promise<{ line: string; p99: number }> {
  const { bench, idle } = run;
  const query = await queryOf(run, one);
  for (let i = 0; i < WARM_UP; i++) await ask(bench, query);
  const times: number[] = [];
  let answer: Answer = { users: [], total: 0 };
  const began = performance.now();
  const cpu = await spent(bench.cluster, async () => {
    for (let i = 0; i < REQUESTS; i++) {
      const sent = performance.now();
      answer = await ask(bench, query);
      times.push(performance.now() - sent);
    }
  });
  const seconds = (performance.now() - began) / 1000;
  const usOf = (group: string): number => ((cpu[group] ?? 0) - (idle[group] ?? 0) * seconds) / REQUESTS;
  const p99 = percentile(times, 0.99);
  const cells = [one.name, answer.total.toLocaleString('en-US'), answer.users.length, percentile(times, 0.5), p99];
  const shown = [...cells, ...SHOWN.map(usOf)].map((cell) => (typeof cell === 'number' ? short(cell) : cell));
  return { line: `| ${shown.join(' | ')} |`, p99 };
}

async function measureAll(run: Run, count: number, say: (text: string) => void): Promise<string> {
  const lines: string[] = [];
  let slowest = 0;
  for (const one of casesOf(count)) {
    say(one.name);
    const { line, p99 } = await measure(run, one);
    lines.push(line);
    slowest = Math.max(slowest, p99);
  }
  return [
    `| page of ${LIMIT} | match | shown | p50 ms | p99 ms | ${SHOWN.map((name) => `${name} µs`).join(' | ')} |`,
    `| --- | --: | --: | --: | --: | ${SHOWN.map(() => '--:').join(' | ')} |`,
    ...lines,
    '',
    `slowest p99: ${short(slowest)} ms; goal: at most ${GOAL_MS} ms, ${slowest <= GOAL_MS ? 'met' : 'missed'}`,
  ].join('\n');
}

/** @returns the table of results. */
export async function adminUsers(count: number, say: (text: string) => void): Promise<string> {
  const cluster = await startCluster({ env: { ...ENV, RATE_LIMIT_STAFF: '0' } });
  const agent = new Agent({ headersTimeout: 20_000 });
  const owner = await openOwner(cluster.postgresUrl);
  try {
    const bench = await prepare(cluster, agent, 0);
    say(`${count.toLocaleString('en-US')} accounts`);
    await addAccounts(owner, count);
    const cpu = await spent(cluster, () => sleep(IDLE_S * 1000));
    const idle = Object.fromEntries(Object.entries(cpu).map(([name, us]) => [name, us / IDLE_S]));
    return await measureAll({ bench, owner, idle }, count, say);
  } finally {
    await owner.end();
    await agent.close();
    await cluster.stop();
    rmSync(cluster.dataDir, { recursive: true, force: true });
  }
}
