// Entry points for tests and benchmarks: a cluster on free ports.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWithApps } from './apps/start-with-apps.ts';
import { type BackendsOnly, startBackendsOnly } from './backends.ts';
import { makeBundles } from './bundles.ts';
import { type Cluster, startCluster as start } from './cluster.ts';
import { prepareData } from './prepared-data.ts';
import { readSettings, type Settings } from './settings.ts';

export type { BackendsOnly } from './backends.ts';
export { type Chromium, chromium } from './chromium.ts';
export type { Cluster } from './cluster.ts';
export type { ClusterFile } from './data-dir.ts';
export { readClusterFile } from './data-dir.ts';
export { dnsmasq } from './dnsmasq.ts';
export { dnsAddressOf, dnsNameOf, type Instance, internalUrlOf, urlOf } from './instances.ts';
export { freePort } from './ports.ts';
export { promtool } from './promtool.ts';
export { type Python, python } from './python.ts';
export { redisCommand } from './redis.ts';
export { buildSdk } from './sdk/build.ts';
export { npmPackage } from './sdk/npm-package.ts';
export { keySettingsIn, serviceKeysIn } from './service-keys.ts';
export { REPO, TWO_OF_EACH } from './settings.ts';

export interface Options {
  /** Default: a new temporary folder. */
  dataDir?: string;
  /** Root of the checkout to run; default: this one. */
  root?: string;
  /** Milliseconds that a stop waits for each process before it kills it; default 4,000. */
  stopMs?: number;
  /** Address of a DNS server, which has `dnsNameOf` each service; default: fixed lists of URLs. */
  dnsServer?: string;
  /** Start the services from one file each, which takes less time and CPU. */
  bundled?: boolean;
  /** Build the pages, and kill nodes for the demo, as `npm start` does. */
  apps?: boolean;
  /** Settings as in the environment. PORT and REALTIME_PORT are free ones by default. */
  env?: NodeJS.ProcessEnv;
  /** Receives the runner's messages; default: none. */
  say?: (line: string) => void;
}

function testSettings(options: Options = {}): Settings {
  const { DATABASE_URL: _, REDIS_URL: _r, DATA_DIR: _d, PORT: _p, REALTIME_PORT: _rp, ...inherited } = process.env;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'chatapi-'));
  return readSettings({ ...inherited, PORT: '0', REALTIME_PORT: '0', ...options.env, DATA_DIR: dataDir });
}

async function prepared(options: Options): Promise<Settings> {
  const settings = { ...testSettings(options), stopMs: options.stopMs, dnsServer: options.dnsServer };
  if (options.root !== undefined) return { ...settings, root: options.root };
  if (options.dataDir === undefined) await prepareData(settings);
  return options.bundled ? { ...settings, bundles: await makeBundles() } : settings;
}

export async function startCluster(options: Options = {}): Promise<Cluster & { dataDir: string }> {
  const settings = await prepared(options);
  const progress = { say: options.say ?? (() => undefined) };
  const cluster = await (options.apps ? startWithApps : start)(settings, progress);
  return { ...cluster, dataDir: settings.dataDir };
}

/** Starts PostgreSQL and Redis only. */
export async function startBackends(options: Options = {}): Promise<BackendsOnly & { dataDir: string }> {
  const settings = await prepared(options);
  return { ...(await startBackendsOnly(settings)), dataDir: settings.dataDir };
}
