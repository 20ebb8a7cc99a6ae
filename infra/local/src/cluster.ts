// Starts and stops the whole cluster on one machine.
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
import { adminSettled, firstAdmin } from './first-admin.ts';
import {
  type Change,
  type ClusterPlan,
  type Instance,
  internalUrlOf,
  planAnother,
  planInstances,
  serviceCommand,
  urlOf,
} from './instances.ts';
import { migrateAll } from './migrations.ts';
import { releasePort } from './ports.ts';
import { provision } from './provision.ts';
import { untilReady } from './readiness.ts';
import type { ServiceDir, Settings } from './settings.ts';
import { type Progress, startBackends } from './start-backends.ts';
import { type Command, type Supervised, supervise, type Watcher } from './supervise.ts';
import { UserError } from './user-error.ts';

export interface Cluster {
  /** URL of the API gateway. */
  url: string;
  postgresUrl: string;
  redisUrl: string;
  instances: Instance[];
  /** Set when this start created the first admin with a generated password. */
  admin?: { username: string; password: string };
  /** @param name `gateway`, `postgres`, `redis` or the name of an instance. */
  pid(name: string): number | undefined;
  kill(name: string, signal?: NodeJS.Signals): void;
  /**
   * Stops an instance and starts it again, optionally changed. Use `waitReady` to wait for it.
   *
   * @returns how it ended: `exit code 0` unless it hung.
   */
  restart(name: string, graceMs: number, change?: Change): Promise<string>;
  /**
   * Starts one more instance of a service. The caller makes it known in DNS.
   *
   * @throws UserError in a cluster without a DNS server.
   */
  add(dir: ServiceDir): Promise<Instance>;
  /** Stops an instance for good. @returns how it ended. */
  remove(name: string, graceMs: number): Promise<string>;
  /** Runs the migrations of this checkout. */
  migrate(): Promise<void>;
  /**
   * Resolves when all instances are ready.
   * @throws UserError after `deadlineMs`.
   */
  waitReady(deadlineMs?: number): Promise<void>;
  stop(): Promise<void>;
}

const STOP_MS = 4000;
const START_MS = 60_000;

const isGateway = ({ dir }: Instance): boolean => dir === 'api-gateway';

/** @param signal aborts the start; what was started is stopped before this throws. */
export async function startCluster(settings: Settings, progress: Progress, signal?: AbortSignal): Promise<Cluster> {
  openDataDir(settings.dataDir);
  lockDataDir(settings.dataDir);
  endLeftovers(settings.dataDir);
  const processes: Supervised[] = [];
  const stopProcess = (name: string): Promise<string> | undefined =>
    processes.find((p) => p.name === name)?.stop(settings.stopMs ?? STOP_MS);
  let instances: Instance[] = [];
  let plan: ClusterPlan | undefined;
  let stopping: Promise<void> | undefined;
  let misconfigured: string | undefined;
  const stopIfAsked = (): void => {
    if (misconfigured !== undefined) throw new UserError(misconfigured);
    if (signal?.aborted) throw new UserError('stopped before it was ready');
  };

  const pid = (name: string): number | undefined =>
    processes.find((p) => p.name === (name === 'gateway' ? 'api-gateway' : name))?.pid();
  const writeState = (): void => {
    if (plan === undefined || stopping !== undefined) return;
    const entry = (i: Instance) => ({
      name: i.name,
      url: urlOf(i),
      pid: pid(i.name) ?? 0,
      internal_url: internalUrlOf(i),
    });
    const [gateway, ...others] = instances;
    const { name: _, ...rest } = entry(gateway as Instance);
    const file: ClusterFile = {
      gateway: { ...rest, url: `http://localhost:${(gateway as Instance).port}` },
      services: [...others.filter((i) => !isGateway(i)), ...others.filter(isGateway)].map(entry),
      postgres: { url: plan.backends.postgresUrl, pid: pid('postgres') ?? 0 },
      redis: { url: plan.backends.redisUrl, pid: pid('redis') ?? 0 },
    };
    writeClusterFile(settings.dataDir, file);
  };
  const watcher: Watcher = {
    started: () => setImmediate(writeState),
    died(name, how, last) {
      // EX_CONFIG: a restart would fail the same way.
      if (how === 'exit code 78') misconfigured ??= `${name} does not start:\n${last}`;
      progress.say(`${name} ended (${how}); restarting it${last === '' ? '' : `\n${last.replace(/^/gm, '    ')}`}`);
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
    await migrateAll(backends.postgresUrl, secrets.roles, settings.compiled, settings.root);
    const admin = firstAdmin(settings);
    stopIfAsked();
    plan = { settings, instances, secrets, backends, admin: admin.account };
    progress.say(`starting ${instances.length} processes`);
    const launch = ({ name }: Instance, command: Command): void => {
      processes.push(supervise(name, command, join(settings.dataDir, 'logs', `${name}.log`), watcher));
    };
    const [gateways, others] = [instances.filter(isGateway), instances.filter((i) => !isGateway(i))];
    for (const instance of others) launch(instance, serviceCommand(plan, instance));
    writeState();
    await untilReady(others, START_MS, stopIfAsked);
    // Last: who gets an answer from the gateway can use the whole cluster.
    for (const instance of gateways) launch(instance, serviceCommand(plan, instance));
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
      async restart(name, graceMs, change) {
        const instance = instances.find((one) => one.name === name);
        const process = processes.find((one) => one.name === name);
        if (instance === undefined || process === undefined || plan === undefined) throw new UserError(`no ${name}`);
        misconfigured = undefined;
        return await process.restart(graceMs, serviceCommand(plan, instance, change));
      },
      async add(dir) {
        if (plan === undefined || settings.dnsServer === undefined) throw new UserError('instances are fixed');
        const added = planAnother(
          dir,
          instances.filter((i) => i.dir === dir),
        );
        instances.push(added);
        launch(added, serviceCommand(plan, added));
        await untilReady([added], START_MS, stopIfAsked);
        return added;
      },
      async remove(name, graceMs) {
        const index = processes.findIndex((one) => one.name === name);
        const [removed] = processes.splice(index, 1);
        instances.splice(
          instances.findIndex((one) => one.name === name),
          1,
        );
        const how = await removed?.stop(graceMs);
        writeState();
        return how ?? 'not running';
      },
      migrate: () => migrateAll(backends.postgresUrl, secrets.roles, settings.compiled),
      waitReady: (deadlineMs = START_MS) => untilReady(instances, deadlineMs, stopIfAsked),
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
