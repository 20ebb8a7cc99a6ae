// The cluster of `npm start`, with its pages, and with a runner that kills nodes for the demo.
import { type Cluster, startCluster } from '../cluster.ts';
import type { Settings } from '../settings.ts';
import type { Progress } from '../start-backends.ts';
import { buildApps, hasDemo } from './build-apps.ts';
import { openDemoRunner } from './demo-runner.ts';

const isProduction = ({ env }: Settings): boolean => env.NODE_ENV === 'production';

/** As `startCluster`. */
export async function startWithApps(settings: Settings, progress: Progress, signal?: AbortSignal): Promise<Cluster> {
  await buildApps(settings, progress.say);
  if (!hasDemo(settings) || isProduction(settings)) return startCluster(settings, progress, signal);
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
