// The cluster of `npm start`, with the demo: built when its sources changed, and with a runner that
// kills nodes for it.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Cluster, startCluster } from '../cluster.ts';
import { fingerprint } from '../fingerprint.ts';
import { REPO, type Settings } from '../settings.ts';
import type { Progress } from '../start-backends.ts';
import { openDemoRunner } from './demo-runner.ts';

const DEMO = join(REPO, 'apps', 'demo');
const STAMP = join(DEMO, 'dist', 'sources');
const SOURCES = ['pnpm-lock.yaml', 'apps/demo/{build.ts,src/**/*.{ts,tsx,css}}', 'packages/client/src/**/*.ts'];

/** In its own process: most starts need no esbuild. */
export async function buildDemo(): Promise<void> {
  const name = fingerprint(SOURCES);
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === name) return;
  await promisify(execFile)(process.execPath, ['--conditions=source', join(DEMO, 'build.ts')]);
  writeFileSync(STAMP, name);
}

const isProduction = ({ env }: Settings): boolean => env.NODE_ENV === 'production';

/** As the gateway decides it. */
export const hasDemo = (settings: Pick<Settings, 'env'>): boolean =>
  settings.env.DEMO ? settings.env.DEMO === 'true' : settings.env.NODE_ENV !== 'production';

/** As `startCluster`. */
export async function startWithDemo(settings: Settings, progress: Progress, signal?: AbortSignal): Promise<Cluster> {
  if (!hasDemo(settings)) return startCluster(settings, progress, signal);
  // A fault of the page must not keep the cluster from its work.
  await buildDemo().catch((error: Error) => progress.say(`the demo could not be built: ${error.message}`));
  if (isProduction(settings)) return startCluster(settings, progress, signal);
  const runner = await openDemoRunner();
  try {
    const env = { ...settings.env, DEMO_RUNNER_URL: runner.url };
    const cluster = await startCluster({ ...settings, env }, progress, signal);
    runner.serve(cluster);
    const stop = async (): Promise<void> => {
      await runner.close();
      await cluster.stop();
    };
    return { ...cluster, stop };
  } catch (error) {
    await runner.close();
    throw error;
  }
}
