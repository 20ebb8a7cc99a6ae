// For tests and benchmarks: the same cluster on free ports.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BackendsOnly, startBackendsOnly } from './backends.ts';
import { type Cluster, startCluster as start } from './cluster.ts';
import { readSettings, type Settings } from './settings.ts';

export type { BackendsOnly } from './backends.ts';
export { type Chromium, chromium } from './chromium.ts';
export type { Cluster } from './cluster.ts';
export type { ClusterFile } from './data-dir.ts';
export { readClusterFile } from './data-dir.ts';
export { type Instance, internalUrlOf, urlOf } from './instances.ts';
export { freePort } from './ports.ts';
export { type Python, python } from './python.ts';
export { redisCommand } from './redis.ts';
export { REPO } from './settings.ts';

export interface Options {
  /** Default: a new folder below the system's temporary one. */
  dataDir?: string;
  /** Settings as a user would set them; PORT and REALTIME_PORT are free ones unless given. */
  env?: NodeJS.ProcessEnv;
  /** Where the runner's lines go; default: nowhere. */
  say?: (line: string) => void;
}

export function testSettings(options: Options = {}): Settings {
  const { DATABASE_URL: _, REDIS_URL: _r, DATA_DIR: _d, PORT: _p, REALTIME_PORT: _rp, ...inherited } = process.env;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'chatapi-'));
  return readSettings({ ...inherited, PORT: '0', REALTIME_PORT: '0', ...options.env, DATA_DIR: dataDir });
}

export const startCluster = (options: Options = {}): Promise<Cluster & { dataDir: string }> => {
  const settings = testSettings(options);
  return start(settings, { say: options.say ?? (() => undefined) }).then((cluster) => ({
    ...cluster,
    dataDir: settings.dataDir,
  }));
};

/** PostgreSQL and Redis alone. */
export const startBackends = (options: Options = {}): Promise<BackendsOnly & { dataDir: string }> => {
  const settings = testSettings(options);
  return startBackendsOnly(settings).then((backends) => ({ ...backends, dataDir: settings.dataDir }));
};
