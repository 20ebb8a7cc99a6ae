// `node --conditions=source infra/chaos/src/main.ts --seed 7 --seconds 120`: faults in a separate
// cluster.
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startCluster } from '@chatapi/local';
import { lines, passed } from './report.ts';
import { CHAOS_ENV, run } from './run.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    seconds: { type: 'string', default: '60' },
    rest: { type: 'string', default: '2500' },
    receivers: { type: 'string', default: '2' },
    sdk: { type: 'string', default: '0' },
    keep: { type: 'boolean', default: false },
  },
});
const [seed, seconds, rest] = [Number(values.seed), Number(values.seconds), Number(values.rest)];
const [sdk, receivers] = [Number(values.sdk), Number(values.receivers)];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

say(`seed ${seed}, ${seconds} s`);
const cluster = await startCluster({ env: CHAOS_ENV });
let good = false;
try {
  const report = await run(cluster, { seed, seconds, rest, receivers, sdk, say });
  for (const line of lines(report)) say(line);
  good = passed(report);
} finally {
  await cluster.stop();
  if (good && !values.keep) rmSync(cluster.dataDir, { recursive: true, force: true });
  else say(`logs: ${cluster.dataDir}/logs`);
}
process.exit(good ? 0 : 1);
