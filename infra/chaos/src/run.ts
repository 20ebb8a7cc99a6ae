// One run: a cluster under writers, observers and faults, then the checks.
import { setTimeout as sleep } from 'node:timers/promises';
import { JWT_SECRET_KEY } from '@chatapi/conformance';
import { type Cluster, urlOf } from '@chatapi/local';
import { history, makeRoom, register, type User } from './api.ts';
import { check, type History, type Verdict } from './checker.ts';
import { inject, recovery } from './faults.ts';
import { growths, type Memory, shown } from './memory.ts';
import { type Observer, observe } from './observer.ts';
import { type Random, random } from './random.ts';
import { CHAOS_ADMIN, type Receivers, type ReceiversReport, startReceivers } from './receivers.ts';
import { type Fault, schedule } from './schedule.ts';
import { type SdkApps, startSdkApps } from './sdk-apps.ts';
import { restWriter, socketWriter, type Writer } from './writers.ts';

export interface Options {
  seed: number;
  seconds: number;
  /** Time between faults in ms. */
  rest: number;
  /** Time in ms from an acknowledgement to the next send of the same loop; default 0. */
  pause?: number;
  /** Number of rooms; default 4. */
  rooms?: number;
  /** Number of receivers of webhooks, for rooms with a writer of their own; default none. */
  receivers?: number;
  /** Number of apps per SDK language, in their own rooms; default none. */
  sdk?: number;
  say: (line: string) => void;
}

export interface Report extends Verdict {
  faults: (Fault & { recovery_ms: number })[];
  /** Longest time in ms in which an observer applied nothing while writers wrote. */
  longest_silence_ms: number;
  repeats: number;
  webhooks?: ReceiversReport;
  /** Results of the SDK apps. */
  sdk?: { clients: number; acked: number; equal: number; exceptions: number };
}

/** Environment of the cluster. */
export const CHAOS_ENV: NodeJS.ProcessEnv = {
  LOG_LEVEL: 'warn',
  BCRYPT_COST: '4',
  MESSAGE_INSTANCES: '2',
  REALTIME_NODES: '2',
  INTEGRATION_INSTANCES: '2',
  JWT_EXPIRE_MINUTES: '1440',
  RATE_LIMIT_REQUESTS: '0',
  RATE_LIMIT_LOGIN: '0',
  RATE_LIMIT_LOGIN_ADDRESS: '0',
  RATE_LIMIT_REGISTRATIONS: '0',
  RATE_LIMIT_WS_FRAMES: '0',
  RATE_LIMIT_UPGRADES: '0',
  RATE_LIMIT_WS_MESSAGES: '0',
  JWT_SECRET_KEY,
  ADMIN_USERNAME: CHAOS_ADMIN.username,
  ADMIN_EMAIL: `${CHAOS_ADMIN.username}@example.com`,
  ADMIN_PASSWORD: CHAOS_ADMIN.password,
};

const ROOMS = 4;
/** Rooms that receivers hear of. One event after the other: they must not fall behind. */
const HEARD_ROOMS = 2;
const HEARD_PACE = { parallel: 2, pause: 100 };
/** Rooms that are created at the same time. */
const AT_ONCE = 16;
const HEALED_MS = 30_000;
const SETTLE_MS = 20_000;

export interface Cast {
  users: User[];
  rooms: string[];
  writers: Writer[];
  observers: Observer[];
  receivers: Receivers | undefined;
}

async function assemble(
  cluster: Cluster,
  { seed, rooms: count = ROOMS, pause = 0, receivers: hearing = 0 }: Options,
  r: Random,
): Promise<Cast> {
  const gateways = cluster.instances.filter(({ dir }) => dir === 'api-gateway').map(urlOf);
  const nodes = cluster.instances.filter(({ dir }) => dir === 'realtime-gateway').map(urlOf);
  const gateway = gateways[0] as string;
  const stem = `c${seed}-${Date.now().toString(36)}`;
  const users = await Promise.all(Array.from({ length: 8 }, (_, i) => register(gateway, `${stem}-${i}`)));
  const rooms = Array.from({ length: count }, (_, i) => `${stem}-room-${i}`);
  const heard = hearing === 0 ? [] : Array.from({ length: HEARD_ROOMS }, (_, i) => `${stem}-heard-${i}`);
  const all = [...rooms, ...heard];
  const [owner, ...members] = users as [User, ...User[]];
  for (let i = 0; i < all.length; i += AT_ONCE)
    await Promise.all(all.slice(i, i + AT_ONCE).map((room) => makeRoom(gateway, owner, room, members)));
  const observers = users.slice(0, 4).map((u, i) => observe(`observer-${i}`, nodes, u.token, i, all));
  // A writer of each kind for each node or gateway, with several sends in flight.
  const own = (): Random => random(Math.floor(r.next() * 2 ** 32));
  const writers = users
    .slice(4)
    .map((u, i) =>
      i < 2
        ? restWriter(gateways, u, rooms, own(), { parallel: 4, pause })
        : socketWriter(nodes, u, i, rooms, own(), { parallel: 8, pause }),
    );
  if (hearing === 0) return { users, rooms, writers, observers, receivers: undefined };
  writers.push(restWriter(gateways, owner, heard, own(), HEARD_PACE));
  const receivers = await startReceivers(gateway, hearing, heard, own());
  return { users, rooms: all, writers, observers, receivers };
}

async function faultAndRecovery(cluster: Cluster, fault: Fault, { writers, observers }: Cast): Promise<number> {
  const over = await inject(cluster, fault);
  let written: number | undefined;
  return recovery(
    over,
    () => {
      // Healed: every writer had an acknowledgement of something sent after the fault, and every
      // observer got something after that.
      if (written === undefined && writers.every((w) => w.lastGood() > over)) written = Date.now();
      return written !== undefined && observers.every((o) => o.silence.last > over);
    },
    HEALED_MS,
  );
}

async function readBack(cluster: Cluster, { users, rooms }: Cast): Promise<History[]> {
  const reader = users[0] as User;
  for (const end = Date.now() + SETTLE_MS; ; await sleep(200)) {
    try {
      return await Promise.all(rooms.map((room) => history(cluster.url, reader, room)));
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

async function settle(histories: History[], observers: Observer[]): Promise<void> {
  const behind = (): boolean => observers.some((o) => histories.some((h) => o.applied(h.room) < h.last_seq));
  for (const end = Date.now() + SETTLE_MS; behind() && Date.now() < end; ) await sleep(50);
}

async function underFaults(cluster: Cluster, { seed, seconds, rest, say }: Options, cast: Cast) {
  const targets = [...cluster.instances.map(({ name }) => name), 'postgres', 'redis'];
  const began = Date.now();
  const faults: Report['faults'] = [];
  for (const fault of schedule({ seed, seconds, targets, rest })) {
    await sleep(Math.max(0, began + fault.at - Date.now()));
    if (Date.now() - began > seconds * 1000) break;
    const recovery_ms = await faultAndRecovery(cluster, fault, cast);
    faults.push({ ...fault, recovery_ms });
    say(`${fault.kind} ${fault.target}${fault.lasts > 0 ? ` for ${fault.lasts} ms` : ''}: healed in ${recovery_ms} ms`);
  }
  await sleep(Math.max(0, began + seconds * 1000 - Date.now()));
  return faults;
}

/** Memory after all have connected and worked for a while, to compare with the end. */
async function earlyMemory(sdkApps: SdkApps, seconds: number, say: Options['say']): Promise<Memory[]> {
  say(`${sdkApps.clients} SDK clients are connected`);
  await sleep(seconds * 100, undefined, { ref: false });
  const memory = await sdkApps.memory();
  say(`memory at 10 %, MiB held and resident: ${shown(memory)}`);
  return memory;
}

async function checkSdkApps(sdkApps: SdkApps, early: Memory[], report: Report, say: Options['say']): Promise<void> {
  const late = await sdkApps.memory();
  say(`memory at the end, MiB held and resident: ${shown(late)}`);
  await sdkApps.stop();
  const { problems, ...judged } = await sdkApps.judge();
  report.problems.push(...growths(early, late), ...problems);
  report.sdk = { clients: sdkApps.clients, acked: sdkApps.acked(), ...judged };
}

export const run = (cluster: Cluster, options: Options): Promise<Report> =>
  runUnder(cluster, options, (cast) => underFaults(cluster, options, cast));

/** @param act injects faults into the cluster meanwhile. */
export async function runUnder(
  cluster: Cluster,
  options: Options,
  act: (cast: Cast) => Promise<Report['faults']>,
): Promise<Report> {
  const { seed, seconds, sdk = 0, say } = options;
  const r = random(seed ^ 0x5eed);
  const cast = await assemble(cluster, options, r);
  const { writers, observers, receivers } = cast;
  const sdkApps = sdk > 0 ? await startSdkApps(cluster.url, sdk, seconds, random(seed)) : undefined;
  const early = sdkApps === undefined ? [] : earlyMemory(sdkApps, seconds, say);
  const faults = await act(cast);
  const longest_silence_ms = Math.max(...observers.map(({ silence }) => silence.longest));
  await Promise.all(writers.map((w) => w.stop()));
  const histories = await readBack(cluster, cast);
  await settle(histories, observers);
  for (const observer of observers) observer.stop();
  const streams = observers.flatMap((o) => o.streams);
  const verdict = check(
    writers.flatMap((w) => w.acks),
    streams,
    histories,
  );
  verdict.problems.push(...[...writers, ...observers].flatMap(({ breaches }) => breaches));
  const repeats = writers.reduce((sum, w) => sum + w.repeats(), 0);
  if (receivers !== undefined) verdict.problems.push(...(await receivers.judge(histories)));
  receivers?.stop();
  const report: Report = { ...verdict, faults, longest_silence_ms, repeats, webhooks: receivers?.report() };
  if (sdkApps !== undefined) await checkSdkApps(sdkApps, await early, report, say);
  return report;
}
