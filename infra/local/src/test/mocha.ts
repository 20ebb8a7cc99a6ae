// Runs mocha with a reporter that measures tests.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { REPO } from '../settings.ts';
import type { Report, TimedTest } from './reporter.ts';
import { counted, type Outcome, runCommand } from './run-command.ts';

export const bin = (name: string): string => join(REPO, 'node_modules', '.bin', name);

/** Durations of all tests of this run so far. */
export const timed: TimedTest[] = [];

const REPORTER = join(import.meta.dirname, 'reporter.ts');

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    // The process ended before its tests did; that is reported as a failure elsewhere.
    return undefined;
  }
}

/** `failedFiles` of the outcome: all of them if the process ended before its tests did. */
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
  const report = readReport(times);
  timed.push(...(report?.tests ?? []));
  rmSync(folder, { recursive: true, force: true });
  const failedFiles = report?.failed.map((file) => relative(REPO, file)).filter((file) => files.includes(file));
  const outcome = counted(title, ended);
  const isKnown = failedFiles !== undefined && failedFiles.length > 0;
  return {
    ...outcome,
    output: ended.output,
    ...(outcome.failed > 0 && { failedFiles: isKnown ? failedFiles : files }),
  };
}
