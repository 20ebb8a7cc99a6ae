// The jobs of a test run. Test files are spread over parallel processes. A file that starts its own
// clusters is a job of its own.
import { globSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { startBackends } from '../index.ts';
import { REPO } from '../settings.ts';
import { coverageEnv, judgeAuthFlows, judgeCoverage } from './coverage.ts';
import { secondsOf, spread } from './durations.ts';
import { bin, runMocha } from './mocha.ts';
import type { Job } from './pool.ts';
import { pythonTests } from './python-tests.ts';
import { type Outcome, runCommand, verdict } from './run-command.ts';

const UNIT = ['{packages,apps,services}/*/test/**/*.test.ts', 'infra/{local,chaos}/test/**/*.test.ts'];
const ARCHITECTURE = ['infra/architecture/**/*.test.ts'];
const INTEGRATION = ['infra/e2e/**/*.test.ts'];
const SDK = ['infra/conformance/test/*.test.ts'];
const RELEASE = ['infra/release/test/*.test.ts'];

const find = (patterns: string[]): string[] =>
  globSync(patterns, { cwd: REPO, exclude: (path) => path.includes('node_modules') }).sort();

const check = (phase: string, title: string, seconds: number, file: string, args: string[], after?: string[]): Job => ({
  phase,
  title,
  seconds,
  ...(after === undefined ? {} : { after }),
  async run() {
    const ended = await runCommand(file, args);
    return { ...verdict(title, ended), output: ended.output };
  },
});

const mochaJob = (phase: string, name: string, files: string[], env: NodeJS.ProcessEnv, after: string[]): Job => ({
  phase,
  title: `${phase} tests: ${name}`,
  seconds: files.reduce((sum, file) => sum + secondsOf(file), 0),
  after,
  run: () => runMocha(`${phase} tests: ${name}`, files, env),
  only: (some) => mochaJob(phase, name, some, env, after),
});

/** PostgreSQL and Redis for unit tests. */
async function withBackends<T>(work: (env: NodeJS.ProcessEnv) => Promise<T>): Promise<T> {
  const backends = await startBackends();
  try {
    return await work({
      TEST_DATABASE_URL: backends.postgresUrl,
      TEST_ROLE_PASSWORDS: JSON.stringify(backends.rolePasswords),
      TEST_REDIS_URL: backends.redisUrl,
    });
  } finally {
    await backends.stop();
    rmSync(backends.dataDir, { recursive: true, force: true });
  }
}

/** Each group has its own servers, since tests flush Redis and count connections. */
function unitJob(name: string, files: string[], more: NodeJS.ProcessEnv): Job {
  const job = mochaJob('unit', name, files, {}, []);
  return {
    ...job,
    run: () => withBackends((env) => runMocha(job.title, files, { ...env, ...more })),
    only: (some) => unitJob(name, some, more),
  };
}

const unitJobs = (count: number, env: NodeJS.ProcessEnv): Job[] =>
  spread(find(UNIT), count).map((files, i) => unitJob(String(i + 1), files, env));

/** Files that import the same one of these share a cluster, in as many processes. */
const CLUSTERS: Record<string, number> = {
  'shared-cluster.ts': 2,
  'outage-cluster.ts': 1,
  'browser-cluster.ts': 1,
  'apps-cluster.ts': 1,
};

function clusterOf(file: string): string | undefined {
  const text = readFileSync(join(REPO, file), 'utf8');
  return Object.keys(CLUSTERS).find((name) => text.includes(`/support/${name}'`));
}

/** The compiled SDK is made by `types`; some tests build it again. */
const AFTER = ['types'];

function integrationJobs(): Job[] {
  const files = find(INTEGRATION);
  const byCluster = Object.groupBy(files, (file) => clusterOf(file) ?? 'own');
  const sharing = Object.entries(CLUSTERS).flatMap(([name, processes]) => spread(byCluster[name] ?? [], processes));
  const alone = (byCluster.own ?? []).map((file) => [file]);
  const nameOf = (group: string[]): string =>
    group.length === 1 ? basename(group[0] as string) : `${group.length} files`;
  const job = (group: string[], env: NodeJS.ProcessEnv): Job =>
    mochaJob('integration', nameOf(group), group, env, AFTER);
  // Coverage costs a process more than the files with their own clusters would add to it.
  return [...sharing.map((group) => job(group, coverageEnv('integration'))), ...alone.map((group) => job(group, {}))];
}

/** Kills the nodes of its cluster, so it can't share it with scenarios that need a connection. */
const KILLS = 'infra/conformance/test/killed-nodes.test.ts';
/** Build and install packages by synchronous calls, and scenarios run in the background. */
const BLOCKING = /\/install-[a-z]+\.test\.ts$/;

function sdkJobs(): Job[] {
  const files = find(SDK).filter((file) => file !== KILLS);
  const installs = files.filter((file) => BLOCKING.test(file));
  const others = files.filter((file) => !BLOCKING.test(file));
  const groups = [...spread(others, 2), [KILLS], installs];
  return groups.map((group, i) => mochaJob('sdk', String(i + 1), group, {}, AFTER));
}

const judged = (phase: string, title: string, run: () => Promise<Outcome & { output: string }>): Job => ({
  phase: `coverage of ${phase}`,
  title,
  seconds: 0,
  after: [phase],
  run,
});

const TYPES = [
  check('types', 'types', 1000, bin('tsc'), ['-b']),
  check('types', 'types of the tests', 999, bin('tsc'), ['-p', 'tsconfig.tests.json']),
];
const LINT = [
  check('lint', 'lint', 5, bin('biome'), ['check', '--diagnostic-level=warn', '--error-on-warnings', '.']),
  check('lint', 'unused files, exports and dependencies', 8, bin('knip'), [
    '--no-progress',
    '--treat-config-hints-as-errors',
  ]),
];
const architecture = (): Job => mochaJob('architecture', 'all', find(ARCHITECTURE), {}, []);
const SEED = 'infra/e2e/api/seed.test.ts';
const SMOKE = join(REPO, 'infra', 'e2e', 'smoke', 'compiled.ts');

export const allJobs = (): Job[] => [
  ...TYPES,
  ...LINT,
  architecture(),
  ...unitJobs(4, coverageEnv('unit')),
  judged('unit', 'coverage of the unit tests', () => judgeCoverage('unit', 85)),
  judged('unit', 'coverage of the auth flows', () => judgeAuthFlows('unit')),
  { phase: 'python', title: 'Python SDK', seconds: 20, run: pythonTests },
  ...integrationJobs(),
  judged('integration', 'coverage of the integration tests', () => judgeCoverage('integration', 70)),
  ...sdkJobs(),
  mochaJob('release', 'packages and plan', find(RELEASE), {}, AFTER),
  // Only the compiled build shows undeclared imports and types in the wrong place: it must start
  // and deliver a message.
  check('smoke', 'smoke test of the compiled build', 15, process.execPath, ['--conditions=source', SMOKE], AFTER),
];

/** For `npm test -- quick`. */
export const quickJobs = (): Job[] => [
  ...TYPES,
  ...LINT,
  architecture(),
  // Without coverage, which costs a third more and does not let Node keep what it compiled.
  ...unitJobs(5, {}).map((job) => ({ ...job, waits: true })),
  mochaJob('seed', 'the walk through the API document', [SEED], {}, []),
];

const isUnit = (file: string): boolean => find(UNIT).includes(file);

/** Test files at or below a path. */
export const filesOf = (path: string): string[] => {
  const under = path.replace(/^\.\//, '').replace(/\/$/, '');
  return find([...UNIT, ...ARCHITECTURE, ...INTEGRATION, ...SDK, ...RELEASE]).filter(
    (file) => file === under || file.startsWith(`${under}/`),
  );
};

/** @param unitEnv the addresses of PostgreSQL and Redis, for unit tests. */
export const fileJobs = (files: string[], unitEnv: NodeJS.ProcessEnv): Job[] => {
  const unit = files.filter(isUnit);
  const others = files.filter((file) => !unit.includes(file));
  return [
    ...(unit.length > 0 ? [mochaJob('files', 'unit', unit, unitEnv, [])] : []),
    ...(others.length > 0 ? [mochaJob('files', 'whole clusters', others, {}, [])] : []),
  ];
};

export const needsBackends = (files: string[]): boolean => files.some(isUnit);
