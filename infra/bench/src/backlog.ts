// `npm run bench -- backlog`: a webhook is paused while its rooms get ten million events, and
// resumes. What waits should cost no memory and no rows, and what is delivered as much as ever.
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '@chatapi/local';
import { Agent } from 'undici';
import { addEvents, followerSize, type Owner, openOwner } from './fixture-store.ts';
import { residentKib } from './proc.ts';
import { type Received, startReceiver } from './receivers.ts';
import { type Bench, call, ENV, prepare } from './rest-cluster.ts';
import { short } from './stats.ts';

const ROOMS = 100;
const QUIET_MS = 10_000;
const SECONDS = 20;
const KNOWN_MS = 20_000;

/** In order per room: what arrives must follow what arrived before it. */
function orderCheck(): { count: number; wrong: number; receive(path: string, one: Received): void } {
  const last = new Map<string, number>();
  return {
    count: 0,
    wrong: 0,
    receive(_, { data: { chat_id, seq } }) {
      const before = last.get(chat_id);
      if (before !== undefined && seq > before + 1) this.wrong++;
      last.set(chat_id, Math.max(seq, before ?? 0));
      this.count++;
    },
  };
}

const memoryMib = ({ cluster }: Bench): number => {
  const names = cluster.instances.map(({ name }) => name).filter((name) => name.startsWith('integration'));
  return names.reduce((sum, name) => sum + residentKib(cluster.pid(name) as number), 0) / 1024;
};

async function lagOf(bench: Bench, id: string): Promise<{ events: number; ms: number }> {
  const began = performance.now();
  const { lag } = await call(bench, 'GET', `/admin/webhooks/${id}`, bench.admin);
  return { events: lag.events, ms: performance.now() - began };
}

async function line(bench: Bench, owner: Owner, id: string, what: string): Promise<string> {
  const { positions, bytes } = await followerSize(owner);
  const { events, ms } = await lagOf(bench, id);
  return (
    `${what}: ${events.toLocaleString('en-US')} events wait (answered in ${short(ms)} ms), integration has ` +
    `${short(memoryMib(bench))} MiB of memory, ${positions} positions, ${short(bytes / 1024)} KiB of tables`
  );
}

async function fill({ rooms }: Bench, owner: Owner, sender: string, events: number): Promise<void> {
  for (const room of rooms) await addEvents(owner, room, sender, events / ROOMS);
}

/** A send to each room tells the follower of its head. */
async function tell(bench: Bench, id: string, events: number): Promise<void> {
  for (const chat_id of bench.rooms)
    await call(bench, 'POST', '/messages/', bench.person, { chat_id, content: 'last' });
  for (const end = Date.now() + KNOWN_MS; (await lagOf(bench, id)).events < events && Date.now() < end; )
    await sleep(200);
}

/** @param events how many wait. @returns the results, one line each. */
export async function backlog(events: number, say: (text: string) => void): Promise<string> {
  const cluster = await startCluster({ env: ENV });
  const agent = new Agent({ connections: 64 });
  const owner = await openOwner(cluster.postgresUrl);
  const arrived = orderCheck();
  const receiver = await startReceiver((path, one) => arrived.receive(path, one));
  try {
    const bench = await prepare(cluster, agent, ROOMS);
    const { id: sender } = await call(bench, 'GET', '/users/me', bench.person);
    const { id } = await call(bench, 'POST', '/admin/webhooks', bench.admin, {
      url: receiver.url,
      events: ['message'],
    });
    const lines: string[] = [];
    const note = (text: string): void => {
      say(text);
      lines.push(text);
    };
    await tell(bench, id, 0);
    await sleep(QUIET_MS);
    await call(bench, 'POST', `/admin/webhooks/${id}/pause`, bench.admin);
    note(await line(bench, owner, id, 'before'));
    await fill(bench, owner, sender, events);
    await tell(bench, id, events);
    await sleep(QUIET_MS);
    note(await line(bench, owner, id, 'paused'));
    const before = arrived.count;
    await call(bench, 'POST', `/admin/webhooks/${id}/resume`, bench.admin);
    await sleep(SECONDS * 1000);
    const rate = (arrived.count - before) / SECONDS;
    note(
      await line(bench, owner, id, `after ${SECONDS} s of ${short(rate)} deliveries/s, ${arrived.wrong} out of order`),
    );
    return lines.join('\n');
  } finally {
    receiver.stop();
    await owner.end();
    await agent.close();
    await cluster.stop();
    rmSync(cluster.dataDir, { recursive: true, force: true });
  }
}
