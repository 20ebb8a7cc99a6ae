// Owns: the whole cluster on one machine, from nothing to ready, and back to nothing in order.
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type ClusterFile, lockDataDir, openDataDir, secretsOf, unlockDataDir, writeClusterFile } from './data-dir.ts';
import { Fault } from './fault.ts';
import { type Instance, internalUrlOf, planInstances, serviceCommand, urlOf, type World } from './instances.ts';
import { freePort } from './ports.ts';
import { DATABASE, postgresCommand, postgresUrl } from './postgres.ts';
import { createDatabase, provision } from './provision.ts';
import { redisCommand } from './redis.ts';
import type { Settings } from './settings.ts';
import { type Supervised, supervise, type Watcher } from './supervise.ts';

export interface Cluster {
  /** The gateway's. */
  url: string;
  postgresUrl: string;
  redisUrl: string;
  instances: Instance[];
  /** Set when this start made the first admin with a password of its own. */
  admin?: { username: string; password: string };
  /** `gateway`, `postgres`, `redis` or a service's name. */
  pid(name: string): number | undefined;
  kill(name: string, signal?: NodeJS.Signals): void;
  /** Resolves when every instance answers ready. @throws Fault after `deadlineMs`. */
  waitReady(deadlineMs?: number): Promise<void>;
  stop(): Promise<void>;
}

export interface Progress {
  say(line: string): void;
}

const STOP_MS = 4000;

async function isReady(instance: Instance): Promise<boolean> {
  try {
    const answer = await fetch(`${internalUrlOf(instance)}/health/ready`, { signal: AbortSignal.timeout(2000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

async function redisAnswers(url: string): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => 30, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  try {
    for (const end = Date.now() + 15_000; ; await sleep(30)) {
      // While it reads its file, Redis answers LOADING.
      const pong = await Promise.race([redis.ping().catch(() => ''), sleep(end - Date.now(), 'late')]);
      if (pong === 'PONG') return;
      if (pong === 'late') throw new Fault('Redis does not answer');
    }
  } finally {
    redis.disconnect();
  }
}

/** The first admin of a new cluster: as set, else `admin` with a password that is shown once and kept nowhere. */
function firstAdmin(settings: Settings): { world: World['admin']; shown?: { username: string; password: string } } {
  const { ADMIN_USERNAME, ADMIN_EMAIL, ADMIN_PASSWORD } = settings.env;
  if (ADMIN_USERNAME && ADMIN_EMAIL && ADMIN_PASSWORD)
    return { world: { username: ADMIN_USERNAME, email: ADMIN_EMAIL, password: ADMIN_PASSWORD } };
  if (existsSync(join(settings.dataDir, 'admin-created'))) return { world: undefined };
  const username = ADMIN_USERNAME || 'admin';
  const password = ADMIN_PASSWORD || randomBytes(12).toString('base64url');
  return {
    world: { username, email: ADMIN_EMAIL || `${username}@example.com`, password },
    shown: { username, password },
  };
}

/** PostgreSQL and Redis, unless the settings name some; what is started is added to `processes`. */
export async function startBackends(
  settings: Settings,
  secretPassword: string,
  watcher: Watcher,
  progress: Progress,
  processes: Supervised[],
): Promise<World['backends']> {
  const log = (name: string): string => join(settings.dataDir, 'logs', `${name}.log`);
  let redisUrl = settings.redisUrl;
  let databaseUrl = settings.databaseUrl;
  if (redisUrl === undefined) {
    const port = await freePort();
    redisUrl = `redis://127.0.0.1:${port}`;
    processes.push(supervise('redis', redisCommand(settings.dataDir, port, progress.say), log('redis'), watcher));
  }
  if (databaseUrl === undefined) {
    const port = await freePort();
    databaseUrl = postgresUrl(port, secretPassword);
    processes.push(
      supervise('postgres', await postgresCommand(settings.dataDir, port, secretPassword), log('postgres'), watcher),
    );
    await createDatabase(postgresUrl(port, secretPassword, 'postgres'), DATABASE);
  }
  await redisAnswers(redisUrl);
  return { postgresUrl: databaseUrl, redisUrl };
}

export async function startCluster(settings: Settings, progress: Progress): Promise<Cluster> {
  openDataDir(settings.dataDir);
  lockDataDir(settings.dataDir);
  const processes: Supervised[] = [];
  const stopProcess = (name: string): Promise<void> | undefined =>
    processes.find((p) => p.name === name)?.stop(STOP_MS);
  let instances: Instance[] = [];
  let world: World | undefined;
  let stopping: Promise<void> | undefined;

  const pid = (name: string): number | undefined =>
    processes.find((p) => p.name === (name === 'gateway' ? 'api-gateway' : name))?.pid();
  const record = (): void => {
    if (world === undefined || stopping !== undefined) return;
    const entry = (i: Instance) => ({
      name: i.name,
      url: urlOf(i),
      pid: pid(i.name) ?? 0,
      internal_url: internalUrlOf(i),
    });
    const [gateway, ...others] = instances;
    const { name: _, ...door } = entry(gateway as Instance);
    const file: ClusterFile = {
      gateway: { ...door, url: `http://localhost:${(gateway as Instance).port}` },
      services: [
        ...others.filter((i) => i.dir !== 'api-gateway'),
        ...others.filter((i) => i.dir === 'api-gateway'),
      ].map(entry),
      postgres: { url: world.backends.postgresUrl, pid: pid('postgres') ?? 0 },
      redis: { url: world.backends.redisUrl, pid: pid('redis') ?? 0 },
    };
    writeClusterFile(settings.dataDir, file);
  };
  const watcher: Watcher = {
    started: () => setImmediate(record),
    died: (name, how, last) =>
      progress.say(`${name} ended (${how}); starting it again${last === '' ? '' : `\n${last.replace(/^/gm, '    ')}`}`),
  };

  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      const inOrder = [(i: Instance) => /gateway$/.test(i.dir), (i: Instance) => !/gateway$/.test(i.dir)];
      for (const group of inOrder) await Promise.all(instances.filter(group).map((i) => stopProcess(i.name)));
      await Promise.all([stopProcess('redis'), stopProcess('postgres')]);
      unlockDataDir(settings.dataDir);
    })();
    return stopping;
  };

  try {
    instances = await planInstances(settings);
    const secrets = secretsOf(settings.dataDir);
    progress.say('starting PostgreSQL and Redis');
    const backends = await startBackends(settings, secrets.postgres, watcher, progress, processes);
    await provision(backends.postgresUrl, secrets.roles);
    const admin = firstAdmin(settings);
    world = { settings, instances, secrets, backends, admin: admin.world };
    progress.say(`starting ${instances.length} processes`);
    for (const instance of instances) {
      processes.push(
        supervise(
          instance.name,
          serviceCommand(world, instance),
          join(settings.dataDir, 'logs', `${instance.name}.log`),
          watcher,
        ),
      );
    }
    record();
    const cluster: Cluster = {
      url: `http://localhost:${instances[0]?.port}`,
      ...backends,
      instances,
      admin: admin.shown,
      pid,
      kill: (name, signal = 'SIGKILL') => {
        const target = pid(name);
        if (target !== undefined) process.kill(target, signal);
      },
      async waitReady(deadlineMs = 60_000) {
        const waiting = new Set(instances);
        for (const end = Date.now() + deadlineMs; waiting.size > 0; await sleep(40)) {
          if (Date.now() > end)
            throw new Fault(
              `not ready in time: ${[...waiting].map(({ name }) => name).join(', ')}; see ${join(settings.dataDir, 'logs')}`,
            );
          await Promise.all([...waiting].map(async (i) => (await isReady(i)) && waiting.delete(i)));
        }
      },
      stop,
    };
    await cluster.waitReady();
    if (admin.world !== undefined) writeFileSync(join(settings.dataDir, 'admin-created'), '');
    return cluster;
  } catch (error) {
    await stop();
    throw error;
  }
}
