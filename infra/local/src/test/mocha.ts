// Runs mocha with a reporter that measures tests.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPO } from '../settings.ts';
import type { TimedTest } from './reporter.ts';
import { counted, type Outcome, runCommand } from './run-command.ts';

export const bin = (name: string): string => join(REPO, 'node_modules', '.bin', name);

/** Durations of all tests of this run so far. */
export const timed: TimedTest[] = [];

const REPORTER = join(import.meta.dirname, 'reporter.ts');

function takeTimes(file: string): void {
  try {
    timed.push(...(JSON.parse(readFileSync(file, 'utf8')) as TimedTest[]));
  } catch {
    // The process ended before its tests did; that is reported as a failure elsewhere.
  }
}

export async function runMocha(
  title: string,
  files: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome & { output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'chatapi-test-'));
  const times = join(folder, 'times.json');
  const ended = await runCommand(
    bin('mocha'),
    ['--reporter', REPORTER, '--reporter-option', `output=${times}`, ...files],
    env,
  );
  takeTimes(times);
  rmSync(folder, { recursive: true, force: true });
  return { ...counted(title, ended), output: ended.output };
}
