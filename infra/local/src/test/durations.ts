// Durations of test files, used to spread them over jobs: of earlier runs here, else those that are
// committed.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { REPO } from '../settings.ts';
import type { TimedTest } from './reporter.ts';

const FILE = join(REPO, '.cache', 'test-durations.json');
/** Assumed for a file that has not run here yet. */
const UNKNOWN_SECONDS = 4;

type Durations = Record<string, number>;

function readDurations(): Durations {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8')) as Durations;
  } catch {
    return {};
  }
}

/** Files that take long, from a run on two cores, for a first run on another machine. */
const committed = JSON.parse(readFileSync(join(import.meta.dirname, 'durations.json'), 'utf8')) as Durations;
const known = readDurations();
export const secondsOf = (file: string): number => known[file] ?? committed[file] ?? UNKNOWN_SECONDS;

export function keepDurations(tests: TimedTest[]): void {
  for (const [file, list] of Map.groupBy(tests, (test) => relative(REPO, test.file)))
    known[file] = list.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, JSON.stringify(known, null, 1));
}

/** Spreads files over `count` groups of about equal duration. */
export function spread(files: string[], count: number): string[][] {
  const groups = Array.from({ length: count }, () => ({ files: [] as string[], seconds: 0 }));
  for (const file of [...files].sort((a, b) => secondsOf(b) - secondsOf(a))) {
    const least = groups.reduce((best, group) => (group.seconds < best.seconds ? group : best));
    least.files.push(file);
    least.seconds += secondsOf(file);
  }
  return groups.map((group) => group.files.sort()).filter((group) => group.length > 0);
}

const SLOWEST = 10;

export const slowest = (tests: TimedTest[]): string =>
  [...tests]
    .sort((a, b) => b.ms - a.ms)
    .slice(0, SLOWEST)
    .map(({ ms, file, title }) => `${(ms / 1000).toFixed(1).padStart(7)} s  ${relative(REPO, file)}: ${title}`)
    .join('\n');
