// What clients notice when the only instance of a service gets SIGTERM and starts again.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cast } from '@chatapi/chaos';
import { type Cluster, type Instance, urlOf } from '@chatapi/local';

/** A call to each service that may have one instance. */
const PATHS: Record<string, string> = {
  auth: '/users/me/sessions',
  user: '/users/me',
  message: '/rooms',
  file: '/files',
  admin: '/admin/dashboard/stats',
  integration: '/admin/webhooks',
};
const OF_ADMIN = ['admin', 'integration'];
const PAUSE_MS = 50;
const LIMIT_MS = 10_000;
/** Calls and messages that waited get through in this time. */
const AFTER_MS = 2000;
const GRACE_MS = 30_000;

export interface Stop {
  name: string;
  /** How it ended. */
  how: string;
  /** Time in ms until it was ready again. */
  away_ms: number;
  silence_ms: number;
  calls: number;
  /** Calls without success, by the service that they were for. */
  failed: Record<string, number>;
}

interface Caller {
  calls: number;
  failed: Record<string, number>;
  stop(): Promise<void>;
}

/** Calls each service over and over through both gateways, without repeats. */
function callAll(urls: string[], tokenFor: (service: string) => string): Caller {
  let stopped = false;
  const caller: Caller = { calls: 0, failed: {}, stop: async () => undefined };
  const one = async (service: string, url: string): Promise<void> => {
    const headers = { authorization: `Bearer ${tokenFor(service)}` };
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(LIMIT_MS) }).catch(() => undefined);
    await answer?.body?.cancel();
    caller.calls++;
    if (!answer?.ok) caller.failed[service] = (caller.failed[service] ?? 0) + 1;
  };
  const loop = async (service: string, path: string): Promise<void> => {
    for (let n = 0; !stopped; n++, await sleep(PAUSE_MS)) await one(service, urls[n % urls.length] + path);
  };
  const loops = Object.entries(PATHS).map(([service, path]) => loop(service, path));
  caller.stop = async () => {
    stopped = true;
    await Promise.all(loops);
  };
  return caller;
}

const onlyInstances = ({ instances }: Cluster): Instance[] =>
  instances.filter(({ dir }) => dir in PATHS && instances.filter((one) => one.dir === dir).length === 1);

async function login(url: string, { username, password }: { username: string; password: string }): Promise<string> {
  const answer = await fetch(`${url}/users/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username_or_email: username, password }),
  });
  if (!answer.ok) throw new Error(`the admin’s login answered ${answer.status}`);
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** One after the other, while the writers of `cast` go on. */
export async function stopOnlyInstances(
  cluster: Cluster,
  { users, observers }: Cast,
  admin: { username: string; password: string },
): Promise<Stop[]> {
  const urls = cluster.instances.filter(({ dir }) => dir === 'api-gateway').map(urlOf);
  const adminToken = await login(urls[0] as string, admin);
  const tokenFor = (service: string): string => (OF_ADMIN.includes(service) ? adminToken : (users[0]?.token ?? ''));
  const stops: Stop[] = [];
  for (const { name } of onlyInstances(cluster)) {
    for (const observer of observers) observer.takeLongestSilence();
    const caller = callAll(urls, tokenFor);
    const began = Date.now();
    const how = await cluster.restart(name, GRACE_MS);
    await cluster.waitReady();
    const away_ms = Date.now() - began;
    await sleep(AFTER_MS);
    await caller.stop();
    const silence_ms = Math.max(...observers.map((observer) => observer.takeLongestSilence()));
    stops.push({ name, how, away_ms, silence_ms, calls: caller.calls, failed: caller.failed });
  }
  return stops;
}

const failures = (failed: Stop['failed']): string => {
  const parts = Object.entries(failed).map(([service, count]) => `${count} of ${service}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
};

export const tableOf = (stops: Stop[]): string =>
  [
    '| SIGTERM to the only | ready again after | longest silence | calls | failed calls |',
    '| --- | --: | --: | --: | --- |',
    ...stops.map(
      ({ name, away_ms, silence_ms, calls, failed }) =>
        `| ${name} | ${away_ms} ms | ${silence_ms} ms | ${calls} | ${failures(failed)} |`,
    ),
  ].join('\n');
