// `npm test`: every check of the project, one after the other; the last line says what came of it.
import { type SpawnOptions, spawn } from 'node:child_process';
import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AUTH_FLOWS } from './auth-flows.ts';
import { startBackendsOnly } from './backends.ts';
import { testSettings } from './index.ts';
import { pythonTests } from './python-tests.ts';
import { REPO } from './settings.ts';

interface Outcome {
  passed: number;
  failed: number;
}

/** What was said of each failure: told again at the very end, where the last screen of a long log still shows it. */
const failures: string[] = [];

const bin = (name: string): string => join(REPO, 'node_modules', '.bin', name);
const heading = (title: string): void => void process.stdout.write(`\n== ${title}\n`);

/** Far beyond what any command of a phase takes on a small machine: what still runs then hangs. */
const LIMIT_MS = 25 * 60_000;

/** Runs a command, shows its output, and gives it back for counting. What hangs is ended, and has failed. */
function run(file: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<{ code: number; output: string }> {
  const options: SpawnOptions = { cwd: REPO, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] };
  return new Promise((resolve) => {
    const child = spawn(file, args, options);
    let output = '';
    const show = (chunk: Buffer): void => {
      output += chunk.toString();
      process.stdout.write(chunk);
    };
    child.stdout?.on('data', show);
    child.stderr?.on('data', show);
    const limit = setTimeout(() => {
      process.stdout.write(
        `\n${[file, ...args].join(' ').slice(0, 200)}: no end after ${LIMIT_MS / 60_000} minutes; ending it\n`,
      );
      // Told first: runners pass it on to what they started. The clusters of a test end with it.
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), 5000).unref();
      setTimeout(end, 7000, 1).unref();
    }, LIMIT_MS);
    const end = (code: number | null): void => {
      clearTimeout(limit);
      resolve({ code: code ?? 1, output });
    };
    child.on('close', end);
    child.on('error', (error) => {
      output += error.message;
      end(1);
    });
  });
}

async function check(title: string, file: string, args: string[]): Promise<Outcome> {
  heading(title);
  return verdict(title, await run(file, args));
}

/** Of a command that is one check: its code decides. */
function verdict(title: string, { code, output }: { code: number; output: string }): Outcome {
  if (code !== 0) failures.push(`${title}:\n${output.trimEnd().split('\n').slice(-30).join('\n')}`);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
}

const number = (text: string, pattern: RegExp): number =>
  [...text.matchAll(pattern)].reduce((sum, [, n]) => sum + Number(n), 0);

/** Where V8's raw coverage of a run lies. */
const coverageOf = (title: string): string => join(REPO, 'coverage', title.split(' ')[0] ?? 'run');

/** What mocha tells of failed tests; c8's summary may follow. */
const toldOf = (output: string): string =>
  output
    .slice(output.search(/^\s*\d+ failing/m))
    .split(/^=====/m, 1)
    .join('')
    .trimEnd();

/** No test at all is a failure too. */
async function counted(title: string, file: string, args: string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
  const { code, output } = await run(file, args, env);
  const passed = number(output, /^\s*(\d+) passing/gm);
  const failed = number(output, /^\s*(\d+) failing/gm);
  const more = (code !== 0 && failed === 0) || passed === 0 ? 1 : 0;
  if (failed > 0) failures.push(`${title}:\n${toldOf(output)}`);
  if (more > 0) failures.push(`${title}: ended with code ${code} and ${passed} tests passed`);
  return { passed, failed: failed + more };
}

/** mocha under c8: a floor that is missed is a failure too. */
function covered(title: string, files: string[], floor: number, env: NodeJS.ProcessEnv): Promise<Outcome> {
  heading(`${title} (${files.length} files, coverage floor ${floor} %)`);
  const coverage = [
    '--include',
    'packages/*/src/**',
    '--include',
    'services/*/src/**',
    '--reporter',
    'text-summary',
    '--check-coverage',
    '--lines',
    String(floor),
    '--branches',
    '0',
    '--functions',
    '0',
    '--statements',
    String(floor),
  ];
  const temporary = coverageOf(title);
  rmSync(temporary, { recursive: true, force: true });
  return counted(title, bin('c8'), [...coverage, '--temp-directory', temporary, bin('mocha'), ...files], env);
}

const UNIT = 'unit tests';

/** Of the files that decide who is let in, the unit tests reach every line and branch. */
function authFlows(title: string): Promise<Outcome> {
  const floors = ['--check-coverage', '--lines', '100', '--branches', '100', '--functions', '0', '--statements', '100'];
  const files = AUTH_FLOWS.flatMap((pattern) => ['--include', pattern]);
  const report = ['report', '--temp-directory', coverageOf(title), '--reporter', 'text', ...files, ...floors];
  return check('coverage of the auth flows: every line and branch', bin('c8'), report);
}

async function unitTests(): Promise<Outcome> {
  const files = globSync(
    [
      'packages/*/test/**/*.test.ts',
      'services/*/test/**/*.test.ts',
      'infra/local/test/**/*.test.ts',
      'infra/chaos/test/**/*.test.ts',
    ],
    { cwd: REPO },
  ).sort();
  const settings = testSettings();
  const backends = await startBackendsOnly(settings);
  try {
    const env = {
      TEST_DATABASE_URL: backends.postgresUrl,
      TEST_ROLE_PASSWORD: backends.rolePassword,
      TEST_REDIS_URL: backends.redisUrl,
    };
    const tests = await covered(UNIT, files, 85, env);
    const flows = await authFlows(UNIT);
    return { passed: tests.passed + flows.passed, failed: tests.failed + flows.failed };
  } finally {
    await backends.stop();
    rmSync(settings.dataDir, { recursive: true, force: true });
  }
}

const integrationTests = (): Promise<Outcome> =>
  covered(
    'integration tests',
    globSync('infra/e2e/**/*.test.ts', {
      cwd: REPO,
      exclude: (f) => f.includes('node_modules') || f.includes('smoke'),
    }).sort(),
    70,
    {},
  );

function sdkTests(): Promise<Outcome> {
  const files = globSync('infra/conformance/test/*.test.ts', { cwd: REPO }).sort();
  heading(`SDK conformance (${files.length} files)`);
  return counted('SDK conformance', bin('mocha'), files, {});
}

/** The compiled build has traps of its own (undeclared imports, types in the wrong place): it must boot and carry a message. */
async function smoke(): Promise<Outcome> {
  heading('smoke test of the compiled build');
  const program = join(REPO, 'infra', 'e2e', 'smoke', 'compiled.ts');
  return verdict('smoke test', await run(process.execPath, ['--conditions=source', program]));
}

const PHASES: [string, () => Promise<Outcome>][] = [
  ['types', () => check('types', bin('tsc'), ['-b'])],
  ['types', () => check('types of the tests', bin('tsc'), ['-p', 'tsconfig.tests.json'])],
  ['lint', () => check('lint', bin('biome'), ['check', '--diagnostic-level=warn', '--error-on-warnings', '.'])],
  ['unit', unitTests],
  [
    'python',
    () => {
      heading('Python SDK');
      return pythonTests(run);
    },
  ],
  ['integration', integrationTests],
  ['sdk', sdkTests],
  ['smoke', smoke],
];

const only = process.argv.slice(2);
const total: Outcome = { passed: 0, failed: 0 };
for (const [name, phase] of PHASES) {
  if (only.length > 0 && !only.includes(name)) continue;
  const began = Date.now();
  const told = failures.length;
  const { passed, failed } = await phase().catch((error: Error) => {
    failures.push(`${name}: ${error.stack}`);
    return { passed: 0, failed: 1 };
  });
  if (failed > 0 && failures.length === told) failures.push(`${name}: ${failed}, told above`);
  process.stdout.write(`(${name}: ${Math.round((Date.now() - began) / 1000)} s)\n`);
  total.passed += passed;
  total.failed += failed;
}
for (const failure of failures) process.stdout.write(`\n== failed: ${failure}\n`);
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`);
process.exit(total.failed === 0 ? 0 : 1);
