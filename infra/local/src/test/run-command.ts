// Runs one command of a test run and evaluates its result.
import { type SpawnOptions, spawn } from 'node:child_process';
import { join } from 'node:path';
import { REPO } from '../settings.ts';

export interface Outcome {
  passed: number;
  failed: number;
  /** Messages of the failures, printed at the end of the run. */
  failures: string[];
  /** Test files to run again, from the root of the repository. */
  failedFiles?: string[];
}

export interface Ended {
  code: number;
  output: string;
}

/** Far longer than any command takes on a small machine; a command that still runs hangs. */
const LIMIT_MS = 25 * 60_000;

/** Node compiles what it runs once. Not with coverage, which would be less exact. */
const compileCache = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  env.NODE_V8_COVERAGE ? {} : { NODE_COMPILE_CACHE: join(REPO, '.cache', 'compile') };

/** Runs a command and returns its output. A command that hangs is ended and has failed. */
export function runCommand(file: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const options: SpawnOptions = {
    cwd: REPO,
    env: { ...process.env, ...compileCache(env), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  };
  return new Promise((resolve) => {
    const child = spawn(file, args, options);
    let output = '';
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const limit = setTimeout(() => {
      output += `\n${[file, ...args].join(' ').slice(0, 200)}: no end after ${LIMIT_MS / 60_000} minutes\n`;
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

/** The result of a command that is one check: its exit code decides. */
export const verdict = (title: string, { code, output }: Ended): Outcome =>
  code === 0
    ? { passed: 1, failed: 0, failures: [] }
    : { passed: 0, failed: 1, failures: [`${title}:\n${output.trimEnd().split('\n').slice(-30).join('\n')}`] };

const count = (text: string, pattern: RegExp): number =>
  [...text.matchAll(pattern)].reduce((sum, [, n]) => sum + Number(n), 0);

/** mocha's output about failed tests. */
const failuresIn = (output: string): string => output.slice(output.search(/^\s*\d+ failing/m)).trimEnd();

/** The result of a mocha run. A run without any test has failed. */
export function counted(title: string, { code, output }: Ended): Outcome {
  const passed = count(output, /^\s*(\d+) passing/gm);
  const failed = count(output, /^\s*(\d+) failing/gm);
  const failures = failed > 0 ? [`${title}:\n${failuresIn(output)}`] : [];
  if (failed > 0 || (code === 0 && passed > 0)) return { passed, failed, failures };
  const why = `${title}: ended with code ${code} and ${passed} tests passed\n${output.trimEnd().slice(-2000)}`;
  return { passed, failed: 1, failures: [why] };
}
