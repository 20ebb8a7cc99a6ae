// Owns: the whole cluster on one machine, from nothing to ready, and back to nothing in order.
import { join } from 'node:path';
import {
  type ClusterFile,
  endLeftovers,
  lockDataDir,
  openDataDir,
  secretsOf,
  unlockDataDir,
  writeClusterFile,
} from './data-dir.ts';
import { Fault } from './fault.ts';
import { adminSettled, firstAdmin } from './first-admin.ts';
import { type Instance, internalUrlOf, planInstances, serviceCommand, urlOf, type World } from './instances.ts';
import { releasePort } from './ports.ts';
import { provision } from './provision.ts';
import { untilReady } from './readiness.ts';
import type { Settings } from './settings.ts';
import { type Progress, startBackends } from './start-backends.ts';
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

const STOP_MS = 4000;

/** `signal`: stop instead of going on; what was started is stopped before this throws. */
export async function startCluster(settings: Settings, progress: Progress, signal?: AbortSignal): Promise<Cluster> {
  openDataDir(settings.dataDir);
  lockDataDir(settings.dataDir);
  endLeftovers(settings.dataDir);
  const processes: Supervised[] = [];
  const stopProcess = (name: string): Promise<void> | undefined =>
    processes.find((p) => p.name === name)?.stop(STOP_MS);
  let instances: Instance[] = [];
  let world: World | undefined;
  let stopping: Promise<void> | undefined;
  let misconfigured: string | undefined;
  const stopIfAsked = (): void => {
    if (misconfigured !== undefined) throw new Fault(misconfigured);
    if (signal?.aborted) throw new Fault('stopped before it was ready');
  };

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
    died(name, how, last) {
      // EX_CONFIG: starting it again would say the same.
      if (how === 'exit code 78') misconfigured ??= `${name} does not start:\n${last}`;
      progress.say(`${name} ended (${how}); starting it again${last === '' ? '' : `\n${last.replace(/^/gm, '    ')}`}`);
    },
  };

  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      const inOrder = [(i: Instance) => /gateway$/.test(i.dir), (i: Instance) => !/gateway$/.test(i.dir)];
      for (const group of inOrder) await Promise.all(instances.filter(group).map((i) => stopProcess(i.name)));
      await Promise.all([stopProcess('redis'), stopProcess('postgres')]);
      for (const { port, internalPort } of instances) [port, internalPort].forEach(releasePort);
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
    stopIfAsked();
    world = { settings, instances, secrets, backends, admin: admin.account };
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
      waitReady: (deadlineMs = 60_000) => untilReady(instances, deadlineMs, stopIfAsked),
      stop,
    };
    await cluster.waitReady();
    adminSettled(settings.dataDir);
    return cluster;
  } catch (error) {
    await stop();
    throw error;
  }
}
