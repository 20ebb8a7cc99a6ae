// Runs failed files of a whole run again, alone: a failure that a busy machine caused is told from
// one of the code. Both are reported.
import { type Done, type Job, runJobs } from './pool.ts';
import type { Outcome } from './run-command.ts';

/** With more failures than this the code is broken, not the machine busy. */
const MAX_FAILURES = 24;

const again = (job: Job, { failedFiles }: Outcome): Job => {
  const { after: _, ...whole } = failedFiles === undefined ? job : (job.only?.(failedFiles) ?? job);
  return { ...whole, title: `again, alone: ${whole.title}` };
};

/**
 * Runs what failed again. What passes then counts as passed in `done`.
 * @param onDone called for each second run.
 * @returns the messages of failures that did not occur again.
 */
export async function unstable(done: Done[], onDone: (done: Done) => void): Promise<string[]> {
  const failed = done.filter(({ outcome }) => outcome.failed > 0);
  if (failed.reduce((sum, { outcome }) => sum + outcome.failed, 0) > MAX_FAILURES) return [];
  const passed: string[] = [];
  for (const { job, outcome } of failed)
    await runJobs([again(job, outcome)], (second) => {
      onDone(second);
      if (second.outcome.failed > 0) return;
      passed.push(...outcome.failures);
      Object.assign(outcome, { passed: outcome.passed + outcome.failed, failed: 0, failures: [] });
    });
  return passed;
}
