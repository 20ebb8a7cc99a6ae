// A rolling update under load, one instance at a time, to a version and back.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cast } from '@chatapi/chaos';
import type { Cluster } from '@chatapi/local';

/** The order of an update and its reverse; both must work. */
export const ORDERS = {
  'gateways last': ['auth', 'user', 'message', 'file', 'admin', 'integration', 'realtime-gateway', 'api-gateway'],
  'gateways first': ['api-gateway', 'realtime-gateway', 'integration', 'admin', 'file', 'message', 'user', 'auth'],
} as const;

/** The grace period of a container. */
const GRACE_MS = 30_000;
const SETTLE_MS = 1500;

export interface Step {
  instance: string;
  took_ms: number;
  /** Longest silence of each observer during the step, in ms. */
  silence_ms: number[];
}

async function replace(cluster: Cluster, instance: string, root: string, { observers }: Cast): Promise<Step> {
  for (const observer of observers) observer.takeLongestSilence();
  const began = Date.now();
  await cluster.restart(instance, GRACE_MS, { root });
  await cluster.waitReady();
  const took_ms = Date.now() - began;
  await sleep(SETTLE_MS);
  return { instance, took_ms, silence_ms: observers.map((observer) => observer.takeLongestSilence()) };
}

/** Replaces every instance by one from the checkout `root`, if that has the service. */
export async function roll(
  cluster: Cluster,
  services: readonly string[],
  root: string,
  cast: Cast,
  say: (line: string) => void,
): Promise<Step[]> {
  const steps: Step[] = [];
  for (const service of services.filter((name) => existsSync(join(root, 'services', name))))
    for (const { name } of cluster.instances.filter(({ dir }) => dir === service)) {
      const step = await replace(cluster, name, root, cast);
      steps.push(step);
      say(`  ${name}: ready again after ${step.took_ms} ms, silence at most ${Math.max(...step.silence_ms)} ms`);
    }
  return steps;
}
