// `npm run scale`: instances come and go under load, found by DNS (dnsmasq). Prints how evenly work
// is shared and what clients notice, also when the only instance of a service stops.
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Cast, CHAOS_ENV, type Report, runUnder } from '@chatapi/chaos';
import { type Cluster, dnsAddressOf, dnsNameOf, type Instance, startCluster, urlOf } from '@chatapi/local';
import { WebSocket } from 'ws';
import { readAll, type Shares, sharesOf } from './metrics.ts';
import { startNameServer } from './name-server.ts';
import { type Stop, stopOnlyInstances, tableOf } from './only-instances.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, keep: { type: 'boolean', default: false } },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const COUNTS = { auth: 1, user: 1, message: 1, file: 1, admin: 1, integration: 1, 'realtime-gateway': 2 } as const;
type Dir = keyof typeof COUNTS;
/** So many that chance alone does not make shares uneven. */
const ROOMS = 2000;
const SOCKETS = 400;
/** An instance that appears must have its share within this time, in ms. */
const SHARE_MS = 5000;
const WINDOW_MS = 15_000;
const GRACE_MS = 30_000;
const TOLERANCE = 0.2;

interface Step {
  what: string;
  shares: Shares;
  detail: string;
  silence_ms: number;
}

const dns = await startNameServer();
const publish = (dir: Dir, hosts: string[]): void => dns.publish(dnsNameOf(dir), hosts);
for (const [dir, count] of Object.entries(COUNTS) as [Dir, number][])
  publish(
    dir,
    Array.from({ length: count }, (_, i) => dnsAddressOf(dir, i)),
  );
const ADMIN = { username: 'chief', password: 'quiet-harbour-lamp-41' };
const cluster = await startCluster({
  dnsServer: dns.address,
  env: {
    ...CHAOS_ENV,
    GATEWAY_INSTANCES: '2',
    MESSAGE_INSTANCES: '1',
    INTEGRATION_INSTANCES: '1',
    REALTIME_NODES: '2',
    ADMIN_USERNAME: ADMIN.username,
    ADMIN_PASSWORD: ADMIN.password,
  },
});

const instancesOf = (of: Cluster, dir: string): Instance[] => of.instances.filter((i) => i.dir === dir);
const hostsOf = (dir: Dir): string[] => instancesOf(cluster, dir).map(({ host }) => host);

async function addTo(dir: Dir, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => cluster.add(dir)));
  publish(dir, hostsOf(dir));
}

/** As Kubernetes does it: out of DNS, and SIGTERM at the same time. */
async function removeFrom(dir: Dir, count: number): Promise<string[]> {
  const leaving = instancesOf(cluster, dir).slice(-count);
  publish(
    dir,
    hostsOf(dir).filter((host) => !leaving.some((one) => one.host === host)),
  );
  return await Promise.all(leaving.map(({ name }) => cluster.remove(name, GRACE_MS)));
}

async function messageShares(what: string, { observers }: Cast): Promise<Step> {
  await sleep(SHARE_MS);
  const instances = instancesOf(cluster, 'message');
  const [before, sums, counts] = await Promise.all([
    readAll(instances, 'chatapi_messages_total'),
    readAll(instances, 'chatapi_send_batch_size_sum'),
    readAll(instances, 'chatapi_send_batch_size_count'),
  ]);
  await sleep(WINDOW_MS);
  const after = await readAll(instances, 'chatapi_messages_total');
  const [sent, batches] = await Promise.all([
    readAll(instances, 'chatapi_send_batch_size_sum'),
    readAll(instances, 'chatapi_send_batch_size_count'),
  ]);
  const all = (now: number[], then: number[]): number => now.reduce((sum, n, i) => sum + n - (then[i] as number), 0);
  const shares = sharesOf(after.map((n, i) => n - (before[i] as number)));
  const batch = (all(sent, sums) / all(batches, counts)).toFixed(1);
  const rate = Math.round(shares.total / (WINDOW_MS / 1000));
  const silence_ms = Math.max(...observers.map((observer) => observer.takeLongestSilence()));
  return { what, shares, detail: `${rate} messages/s, ${batch} per batch`, silence_ms };
}

const opened = (url: string, token: string): Promise<WebSocket> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/me`, {
      headers: { authorization: `Bearer ${token}` },
    });
    socket.once('message', () => resolve(socket)).once('error', reject);
  });

/** New connections through the gateways, a few per user: a user may have 20. */
async function socketShares(what: string, { users, observers }: Cast): Promise<Step> {
  await sleep(SHARE_MS);
  const nodes = instancesOf(cluster, 'realtime-gateway');
  const gateways = instancesOf(cluster, 'api-gateway').map(urlOf);
  const before = await readAll(nodes, 'chatapi_ws_connections');
  const sockets: WebSocket[] = [];
  const perUser = 15;
  const count = Math.min(SOCKETS, users.length * perUser);
  for (let i = 0; i < count; i++)
    sockets.push(
      await opened(gateways[i % gateways.length] as string, (users[i % users.length] as { token: string }).token),
    );
  const after = await readAll(nodes, 'chatapi_ws_connections');
  for (const socket of sockets) socket.close();
  const silence_ms = Math.max(...observers.map((observer) => observer.takeLongestSilence()));
  const shares = sharesOf(after.map((n, i) => n - (before[i] as number)));
  return { what, shares, detail: `${count} new connections through 2 gateways`, silence_ms };
}

async function scale(cast: Cast): Promise<{ steps: Step[]; stops: Stop[] }> {
  for (const observer of cast.observers) observer.takeLongestSilence();
  const steps = [await messageShares('message: 1', cast)];
  const stops = await stopOnlyInstances(cluster, cast, ADMIN);
  await addTo('message', 5);
  steps.push(await messageShares('message: 1 to 6', cast));
  const stopped = await removeFrom('message', 4);
  steps.push(await messageShares('message: 6 to 2', cast));
  await addTo('realtime-gateway', 2);
  steps.push(await socketShares('realtime: 2 to 4', cast));
  const gone = await removeFrom('realtime-gateway', 2);
  steps.push(await socketShares('realtime: 4 to 2', cast));
  const badly = [...stops.map(({ how }) => how), ...stopped, ...gone].filter((how) => how !== 'exit code 0');
  if (badly.length > 0) throw new Error(`instances ended with ${badly.join(', ')}`);
  return { steps, stops };
}

const isEven = ({ shares }: Step): boolean => shares.lowest >= 1 - TOLERANCE && shares.highest <= 1 + TOLERANCE;

function judge(report: Report, steps: Step[], stops: Stop[]): boolean {
  say('\n| step | share of the mean | work | longest silence |');
  say('| --- | --- | --- | --: |');
  for (const { what, shares, detail, silence_ms } of steps)
    say(`| ${what} | ${shares.lowest.toFixed(2)} to ${shares.highest.toFixed(2)} | ${detail} | ${silence_ms} ms |`);
  say(`\n${tableOf(stops)}`);
  say(`\nacked ${report.acked} · delivered ${report.delivered} · sends repeated ${report.repeats}`);
  say(`lost ${report.lost} · duplicated ${report.duplicated} · inversions ${report.inversions}`);
  for (const problem of report.problems) say(problem);
  const uneven = steps.filter((step) => !isEven(step)).map(({ what }) => what);
  if (uneven.length > 0) say(`not within ${TOLERANCE * 100} % of even: ${uneven.join(', ')}`);
  return report.problems.length === 0 && uneven.length === 0;
}

let good = false;
try {
  let done: Awaited<ReturnType<typeof scale>> = { steps: [], stops: [] };
  const options = { seed: Number(values.seed), seconds: 0, rest: 0, rooms: ROOMS, say };
  const report = await runUnder(cluster, options, async (cast) => {
    done = await scale(cast);
    return [];
  });
  good = judge(report, done.steps, done.stops);
} finally {
  await cluster.stop();
  await dns.stop();
  if (good && !values.keep) rmSync(cluster.dataDir, { recursive: true, force: true });
  else say(`logs: ${cluster.dataDir}/logs`);
}
process.exit(good ? 0 : 1);
