// `npm run compat`: runs this version and the previous one mixed, service by service under load, in
// both orders, and rolls back.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Cast, CHAOS_ENV, type Report, runUnder } from '@chatapi/chaos';
import { type Cluster, REPO, startCluster, TWO_OF_EACH } from '@chatapi/local';
import { previousRelease } from './previous.ts';
import { ORDERS, roll, type Step } from './rolling.ts';

const { values } = parseArgs({
  options: { previous: { type: 'string' }, seed: { type: 'string', default: '1' }, keep: { type: 'boolean' } },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const SILENCE_MS = 2000;

async function update(cluster: Cluster, previous: string, cast: Cast): Promise<Step[]> {
  const steps: Step[] = [];
  const began = Date.now();
  await cluster.migrate();
  say(`migrated in ${Date.now() - began} ms, under load`);
  for (const [name, services] of Object.entries(ORDERS)) {
    say(`to this version, ${name}`);
    steps.push(...(await roll(cluster, services, REPO, cast, say)));
    say(`back to the version before, ${name}`);
    steps.push(...(await roll(cluster, services, previous, cast, say)));
  }
  return steps;
}

const p99 = (numbers: number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
};

function judge(report: Report, steps: Step[]): boolean {
  const silence = steps.flatMap(({ silence_ms }) => silence_ms);
  say(`acked ${report.acked} · delivered ${report.delivered} · sends repeated ${report.repeats}`);
  say(`lost ${report.lost} · duplicated ${report.duplicated} · inversions ${report.inversions}`);
  say(`silence p99 ${p99(silence)} ms, longest ${Math.max(...silence)} ms, over ${steps.length} replaced instances`);
  for (const problem of report.problems) say(problem);
  const good = report.problems.length === 0 && p99(silence) <= SILENCE_MS;
  say(good ? 'the versions are compatible' : 'THE VERSIONS ARE NOT COMPATIBLE');
  return good;
}

/** The secret of the release before, as during an update. */
const secret = randomBytes(36).toString('base64url');
const SECRETS = { INTERNAL_SECRET_KEY: secret, FILE_LINK_SECRET: secret };
const { root, commit } = previousRelease(values.previous);
say(`the version before is ${commit}`);
const cluster = await startCluster({ root, env: { ...CHAOS_ENV, ...TWO_OF_EACH, ...SECRETS } });
let good = false;
try {
  const steps: Step[] = [];
  const report = await runUnder(cluster, { seed: Number(values.seed), seconds: 0, rest: 0, say }, async (cast) => {
    steps.push(...(await update(cluster, root, cast)));
    return [];
  });
  good = judge(report, steps);
} finally {
  await cluster.stop();
  if (good && values.keep !== true) rmSync(cluster.dataDir, { recursive: true, force: true });
  else say(`logs: ${cluster.dataDir}/logs`);
}
process.exit(good ? 0 : 1);
