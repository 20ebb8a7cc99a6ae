// Coverage thresholds. Test processes write V8's raw coverage to a folder per phase; c8 evaluates
// all of it at the end.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { REPO } from '../settings.ts';
import { AUTH_FLOWS } from './auth-flows.ts';
import { bin } from './mocha.ts';
import { type Outcome, runCommand, verdict } from './run-command.ts';

const folderOf = (phase: string): string => join(REPO, 'coverage', phase);

/** Environment for the test processes of a phase. */
export const coverageEnv = (phase: string): NodeJS.ProcessEnv => ({ NODE_V8_COVERAGE: folderOf(phase) });

export const forgetCoverage = (phase: string): void => rmSync(folderOf(phase), { recursive: true, force: true });

type Floors = { lines: number; branches: number; functions: number; statements: number };

async function judge(
  title: string,
  phase: string,
  include: string[],
  reporter: string,
  floors: Floors,
): Promise<Outcome & { output: string }> {
  const limits = Object.entries(floors).flatMap(([name, floor]) => [`--${name}`, String(floor)]);
  const files = include.flatMap((pattern) => ['--include', pattern]);
  const args = [
    'report',
    '--temp-directory',
    folderOf(phase),
    '--reporter',
    reporter,
    '--check-coverage',
    '--skip-full',
  ];
  const ended = await runCommand(bin('c8'), [...args, ...limits, ...files]);
  return { ...verdict(title, ended), output: ended.output };
}

/** @param floor minimum in percent of lines. */
export const judgeCoverage = (phase: string, floor: number): Promise<Outcome & { output: string }> =>
  judge(
    `coverage of the ${phase} tests, floor ${floor} %`,
    phase,
    ['packages/*/src/**', 'services/*/src/**'],
    'text-summary',
    {
      lines: floor,
      branches: 0,
      functions: 0,
      statements: floor,
    },
  );

/** The unit tests must reach every line and branch of these files. */
export const judgeAuthFlows = (phase: string): Promise<Outcome & { output: string }> =>
  judge('coverage of the auth flows: every line and branch', phase, AUTH_FLOWS, 'text', {
    lines: 100,
    branches: 100,
    functions: 0,
    statements: 100,
  });
