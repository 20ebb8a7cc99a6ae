// `npm test`: all checks of the project. `npm test -- quick`, `npm test -- <phase>` or test files
// run a part. The last line is the total.
import { cpus } from 'node:os';
import { makeBundles } from '../bundles.ts';
import { chromium } from '../chromium.ts';
import { preparedFolder } from '../prepared-data.ts';
import { python } from '../python.ts';
import { forgetCoverage } from './coverage.ts';
import { keepDurations, slowest } from './durations.ts';
import { temporaryFolder } from './memory-folder.ts';
import { timed } from './mocha.ts';
import { allJobs, fileJobs, filesOf, needsBackends, quickJobs } from './plan.ts';
import { type Done, type Job, runJobs } from './pool.ts';
import { unstable } from './unstable.ts';
import { warmBackends } from './warm-backends.ts';

const PHASES = ['types', 'lint', 'architecture', 'unit', 'python', 'integration', 'sdk', 'release', 'smoke'];

function refuse(argument: string): never {
  process.stderr.write(`npm test: "${argument}" is not a phase, a test file or a folder with tests\n`);
  process.stderr.write(`phases: quick, ${PHASES.join(', ')}\n`);
  process.exit(2);
}

async function jobsOf(given: string[]): Promise<Job[]> {
  if (given.length === 0) return allJobs();
  if (given.length === 1 && given[0] === 'quick') return quickJobs();
  const phases = given.filter((argument) => PHASES.includes(argument));
  const paths = given.filter((argument) => !PHASES.includes(argument));
  for (const path of paths) if (filesOf(path).length === 0) refuse(path);
  const asked =
    phases.length === 0 ? [] : allJobs().filter(({ phase }) => phases.includes(phase.replace('coverage of ', '')));
  const files = [...new Set(paths.flatMap(filesOf))];
  return [...asked, ...fileJobs(files, needsBackends(files) ? await warmBackends() : {})];
}

const cpuSeconds = (): number =>
  cpus().reduce((sum, { times: { user, nice, sys } }) => sum + user + nice + sys, 0) / 1000;

const jobs = await jobsOf(process.argv.slice(2));
// After the backends that outlive this run were started.
process.env.TMPDIR = temporaryFolder();
for (const phase of ['unit', 'integration']) if (jobs.some((job) => job.phase === phase)) forgetCoverage(phase);
const have = (phases: string[]): boolean => jobs.some(({ phase }) => phases.includes(phase));
// Prepared once before parallel jobs need it. An error here occurs again in those jobs and is
// reported there.
if (have(PHASES.slice(3))) await preparedFolder().catch(() => undefined);
if (have(['integration', 'sdk'])) await makeBundles().catch(() => undefined);
if (have(['python', 'sdk', 'release'])) await Promise.try(python).catch(() => undefined);
if (have(['integration'])) await Promise.try(chromium).catch(() => undefined);
const began = Date.now();
const cpuBefore = cpuSeconds();
const done: Done[] = [];
const print = ({ job, outcome, seconds }: Done): void =>
  void process.stdout.write(`\n== ${job.title} (${Math.round(seconds)} s)\n${outcome.output}`);
await runJobs(jobs, (one) => {
  print(one);
  done.push(one);
});
const seconds = (Date.now() - began) / 1000;
const busy = Math.round((100 * (cpuSeconds() - cpuBefore)) / seconds / cpus().length);
// Whoever asks for a part wants to see a failure at once.
const passedAgain = process.argv.length > 2 ? [] : await unstable(done, print);
if (timed.length > 0) {
  keepDurations(timed);
  process.stdout.write(`\n== the slowest tests\n${slowest(timed)}\n`);
}
const sum = (of: (one: Done) => number): number => done.reduce((total, one) => total + of(one), 0);
const failed = sum(({ outcome }) => outcome.failed);
for (const { outcome } of done)
  for (const failure of outcome.failures) process.stdout.write(`\n== failed: ${failure}\n`);
for (const failure of passedAgain)
  process.stdout.write(`\n== UNSTABLE, failed among the others and passed alone: ${failure}\n`);
process.stdout.write(`\n(${Math.round(seconds)} s, CPU ${busy} % busy)\n`);
process.stdout.write(`${sum(({ outcome }) => outcome.passed)} passed, ${failed} failed`);
process.stdout.write(passedAgain.length === 0 ? '\n' : `, unstable jobs: ${passedAgain.length}\n`);
process.exit(failed === 0 ? 0 : 1);
