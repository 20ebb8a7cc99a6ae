// A mocha reporter that prints mocha's usual output, writes the duration of each test and the files
// with failures as JSON, gives tests more time than on an idle machine and ends a process that
// something keeps alive.
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

export interface TimedTest {
  file: string;
  title: string;
  ms: number;
}

/** What the reporter writes. */
export interface Report {
  tests: TimedTest[];
  /** Files in which a test or a hook failed. */
  failed: string[];
}

/** Longer than any process takes to end; a server or child process that a test left keeps it. */
const AFTER_TESTS_MS = 20_000;

/** Limits of tests find those that hang. Four jobs on two cores take longer than one alone. */
const TIMES_THE_LIMIT = 3;

function endHanging(): void {
  const left = process.getActiveResourcesInfo().join(', ');
  process.stderr.write(`the process did not end ${AFTER_TESTS_MS / 1000} s after its tests: ${left}\n`);
  // The processes of a cluster end with their parent.
  process.exit(1);
}

export default class TimingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const tests: TimedTest[] = [];
    const failed = new Set<string>();
    const { output } = options.reporterOptions as { output: string };
    // Hooks of each test run more than once.
    const given = new WeakSet<Mocha.Runnable>();
    const giveTime = (one: Mocha.Runnable): void => {
      if (!given.has(one)) one.timeout(TIMES_THE_LIMIT * one.timeout());
      given.add(one);
    };
    runner.on('test', giveTime);
    runner.on('hook', giveTime);
    runner.on('test end', (test) =>
      tests.push({ file: test.file ?? '', title: test.fullTitle(), ms: test.duration ?? 0 }),
    );
    runner.on('fail', ({ file = '' }) => failed.add(file));
    runner.once('end', () => {
      writeFileSync(output, JSON.stringify({ tests, failed: [...failed] } satisfies Report));
      setTimeout(endHanging, AFTER_TESTS_MS).unref();
      // Node 24 spins in its teardown if a socket was reset while it was shutting down: without
      // anything left to do, exit without the teardown.
      process.once('beforeExit', () => process.exit());
    });
  }
}
