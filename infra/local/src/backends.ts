// PostgreSQL and Redis only, with the roles and schemas of the services, for unit tests and the
// reference servers of benchmarks.
import { join } from 'node:path';
import { openDataDir, secretsOf } from './data-dir.ts';
import { provision, type RolePasswords } from './provision.ts';
import type { Settings } from './settings.ts';
import { startBackends } from './start-backends.ts';
import type { Supervised } from './supervise.ts';

export interface BackendsOnly {
  postgresUrl: string;
  redisUrl: string;
  rolePasswords: RolePasswords;
  /** `postgres` or `redis`; undefined for a server that this process did not start. */
  pid(name: string): number | undefined;
  stop(): Promise<void>;
}

export async function startBackendsOnly(settings: Settings): Promise<BackendsOnly> {
  openDataDir(settings.dataDir);
  const secrets = secretsOf(settings.dataDir);
  const processes: Supervised[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(processes.map((p) => p.stop(4000))));
  const watcher = {
    started: () => undefined,
    died: (name: string) => void process.stderr.write(`${name} ended; see ${join(settings.dataDir, 'logs')}\n`),
  };
  try {
    const backends = await startBackends(settings, secrets.postgres, watcher, { say: () => undefined }, processes);
    await provision(backends.postgresUrl, secrets.roles);
    const pid = (name: string): number | undefined => processes.find((p) => p.name === name)?.pid();
    return { ...backends, rolePasswords: secrets.roles, pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
