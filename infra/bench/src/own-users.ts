// `npm run bench -- own-users`: an application brings its users by batches of 1,000, a third of
// them while people send messages, so that what a send costs meanwhile is the difference. A user
// counts when user, message and admin have the rows too.
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { type Owner, openOwner } from './fixture-store.ts';
import { ownUserRows, pendingFacts } from './own-users-store.ts';
import { cpuTimes, used } from './proc.ts';
import { ADMIN } from './rest-cluster.ts';
import { percentile, short } from './stats.ts';
import { type Product, post, startProduct } from './systems/product.ts';
import { ROOM } from './systems/system.ts';

const BATCH = 1000;
const BATCHES_AT_ONCE = 2;
const PEOPLE = 32;
const SENDERS = 8;
const SENDS_PER_S = 100;
const QUIET_MS = 10_000;
const POLL_MS = 100;
const ENV = {
  RATE_LIMIT_KEYS: '0',
  ADMIN_USERNAME: ADMIN.username,
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
};

type Say = (text: string) => void;

interface Run {
  product: Product;
  owner: Owner;
  gateway: string;
  key: string;
  agent: Agent;
}

interface Phase {
  seconds: number;
  answered: number;
  /** CPU time in µs by group of processes. */
  cpu: Record<string, number>;
  users: number;
  sends: number[];
}

async function applicationKey(gateway: string): Promise<string> {
  const name = { username_or_email: ADMIN.username, password: ADMIN.password };
  const answer = await fetch(`${gateway}/users/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(name),
  });
  const { access_token } = (await answer.json()) as { access_token: string };
  return (await post(`${gateway}/admin/keys`, { name: 'bench', scopes: ['users:write'] }, access_token)).key;
}

const userOf = (n: number): object => ({
  external_id: `customer-${n}`,
  display_name: `Customer ${n}`,
  avatar_url: `https://example.com/${n}.png`,
  custom: { plan: 'free', n },
});

async function putBatch({ gateway, key, agent }: Run, from: number, count: number): Promise<void> {
  const users = Array.from({ length: count }, (_, i) => userOf(from + i));
  const answer = await agent.request({
    origin: gateway,
    path: '/app/users/batch',
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ users }),
  });
  const { results } = (await answer.body.json()) as { results?: { status: string; error?: object }[] };
  const created = results?.filter(({ status }) => status === 'created').length;
  if (created === count) return;
  const why = JSON.stringify(results?.find(({ status }) => status !== 'created'));
  throw new Error(`${answer.statusCode}: ${created} of ${count} users were created; ${why}`);
}

/** Until all services have the rows. @returns seconds until the last batch was answered. */
async function bring(run: Run, from: number, count: number): Promise<number> {
  let next = from;
  const work = async (): Promise<void> => {
    while (next < from + count) {
      const begin = next;
      next += BATCH;
      await putBatch(run, begin, Math.min(BATCH, from + count - begin));
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, work));
  const answered = (performance.now() - began) / 1000;
  while ((await pendingFacts(run.owner)) > 0) await sleep(POLL_MS);
  return answered;
}

/** Sends at a fixed rate until `stop`; latencies in ms. */
function startSending({ product, gateway, agent }: Run): { stop(): Promise<number[]> } {
  const { people } = product.place();
  const latencies: number[] = [];
  let stopped = false;
  const loop = async (sender: number): Promise<void> => {
    const headers = { authorization: `Bearer ${people[sender]?.token}`, 'content-type': 'application/json' };
    const began = performance.now();
    for (let n = 0; !stopped; n++) {
      await sleep(Math.max(0, began + (n * 1000 * SENDERS) / SENDS_PER_S - performance.now()));
      const sent = performance.now();
      const body = JSON.stringify({ chat_id: ROOM, content: `line ${n}` });
      const answer = await agent.request({ origin: gateway, path: '/messages/', method: 'POST', headers, body });
      await answer.body.dump();
      if (answer.statusCode !== 201) throw new Error(`a send was answered with ${answer.statusCode}`);
      latencies.push(performance.now() - sent);
    }
  };
  const loops = Promise.all(Array.from({ length: SENDERS }, (_, i) => loop(i)));
  return {
    async stop() {
      stopped = true;
      await loops;
      return latencies;
    },
  };
}

async function phase(run: Run, users: number, isSending: boolean, work: () => Promise<number>): Promise<Phase> {
  const sending = isSending ? startSending(run) : undefined;
  const before = cpuTimes(run.product.pids());
  const began = performance.now();
  const answered = await work();
  const seconds = (performance.now() - began) / 1000;
  const cpu = used(before, cpuTimes(run.product.pids()));
  return { seconds, answered, cpu, users, sends: (await sending?.stop()) ?? [] };
}

const totalOf = ({ cpu }: Phase): number => Object.values(cpu).reduce((sum, us) => sum + us, 0);

const line = (what: string, one: Phase, sendUs: number | undefined): string => {
  const { seconds, answered, users, sends } = one;
  const most = Object.entries(one.cpu)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 5)
    .map(([name, us]) => `${name} ${short(us / 1e6)}`);
  return `| ${[
    what,
    users === 0 ? '–' : users.toLocaleString('en-US'),
    short(seconds),
    users === 0 ? '–' : short(answered),
    users === 0 ? '–' : short(users / seconds),
    short(totalOf(one) / 1e6),
    most.join(', '),
    sends.length === 0 ? '–' : sends.length,
    sendUs === undefined ? '–' : short(sendUs),
    sends.length === 0 ? '–' : short(percentile(sends, 0.5)),
    sends.length === 0 ? '–' : short(percentile(sends, 0.99)),
  ].join(' | ')} |`;
};

/** The tables grow meanwhile: what users cost alone is the mean of before and after. */
async function measure(run: Run, count: number, say: Say): Promise<string> {
  const third = Math.ceil(count / 3);
  const quiet = (): Promise<number> => sleep(QUIET_MS, 0);
  const first = Math.min(BATCH, third);
  await bring(run, 0, first);
  let next = first;
  const users = (isSending: boolean): Promise<Phase> => {
    const from = next;
    next += third;
    say(`${third} users ${isSending ? 'beside sends' : 'alone'}`);
    return phase(run, third, isSending, () => bring(run, from, third));
  };
  say('nothing');
  const nothing = await phase(run, 0, false, quiet);
  say('sends alone');
  const alone = await phase(run, 0, true, quiet);
  const before = await users(false);
  const both = await users(true);
  const after = await users(false);
  const rows = await ownUserRows(run.owner);
  const idle = totalOf(nothing) / nothing.seconds;
  const without = (one: Phase): number => totalOf(one) - idle * one.seconds;
  const usAlone = without(alone) / alone.sends.length;
  const usBoth = (without(both) - (without(before) + without(after)) / 2) / both.sends.length;
  return [
    '| what | users | s | answered s | users/s | CPU s | by process, s | sends | CPU µs/send | p50 ms | p99 ms |',
    '| --- | --: | --: | --: | --: | --: | --- | --: | --: | --: | --: |',
    line('nothing', nothing, undefined),
    line('sends alone', alone, usAlone),
    line('users alone', before, undefined),
    line('users beside sends', both, usBoth),
    line('users alone', after, undefined),
    '',
    `${(3 * third).toLocaleString('en-US')} users in ${short(before.seconds + both.seconds + after.seconds)} s; ` +
      `a send costs ${short(usBoth / usAlone)} times the CPU meanwhile; rows: ${rows}`,
  ].join('\n');
}

export async function ownUsers(count: number, say: Say): Promise<string> {
  const product = await startProduct({ people: PEOPLE, nodes: 1, env: ENV });
  const agent = new Agent({ headersTimeout: 20_000 });
  const owner = await openOwner(product.cluster.postgresUrl);
  try {
    const gateway = product.place().gateway as string;
    return await measure({ product, owner, gateway, key: await applicationKey(gateway), agent }, count, say);
  } finally {
    await owner.end();
    await agent.destroy();
    await product.stop();
  }
}
