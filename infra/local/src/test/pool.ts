// Runs the jobs of a test run in parallel, the longest first.
import { cpus } from 'node:os';
import type { Outcome } from './run-command.ts';

export interface Job {
  /** `unit`, `integration`, …: an argument of `npm test`. */
  phase: string;
  title: string;
  /** Expected duration, from earlier runs. */
  seconds: number;
  /** Waits most of its time, so that five share three places. */
  waits?: boolean;
  /** Phases that must end before this job starts. */
  after?: string[];
  run(): Promise<Outcome & { output: string }>;
  /** A job of only these of its files. */
  only?(files: string[]): Job;
}

/**
 * Jobs wait for timers and locks a third of the time. With two for each core, a slow machine took
 * seconds for what services give up after 3 s.
 */
const JOBS_AT_ONCE = cpus().length + 1;

export interface Done {
  job: Job;
  outcome: Outcome & { output: string };
  seconds: number;
}

const failure = (job: Job, error: Error): Outcome & { output: string } => ({
  passed: 0,
  failed: 1,
  failures: [`${job.title}: ${error.stack}`],
  output: '',
});

/** @param onDone called for each job when it ends. */
export async function runJobs(jobs: Job[], onDone: (done: Done) => void): Promise<void> {
  const waiting = [...jobs].sort((a, b) => b.seconds - a.seconds);
  const running = new Map<Job, Promise<void>>();
  const phaseIsOver = (phase: string): boolean => ![...waiting, ...running.keys()].some((job) => job.phase === phase);

  const start = (job: Job): void => {
    waiting.splice(waiting.indexOf(job), 1);
    const began = Date.now();
    const work = job
      .run()
      .catch((error: Error) => failure(job, error))
      .then((outcome) => {
        running.delete(job);
        onDone({ job, outcome, seconds: (Date.now() - began) / 1000 });
      });
    running.set(job, work);
  };

  const taken = (): number => [...running.keys()].reduce((sum, { waits }) => sum + (waits ? 0.6 : 1), 0);

  while (waiting.length + running.size > 0) {
    const next = waiting.find(({ after = [] }) => after.every(phaseIsOver));
    if (next !== undefined && taken() < JOBS_AT_ONCE) start(next);
    else await Promise.race(running.values());
  }
}
