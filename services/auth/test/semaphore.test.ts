import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createSemaphore } from '../src/semaphore.ts';

describe('the semaphore of the password hasher', () => {
  const MINUTE = 60_000;
  const busy = (): Error => new Error('busy');
  /** Jobs that end on request. */
  function held() {
    const ends: (() => void)[] = [];
    const job = () => new Promise<string>((resolve) => ends.push(() => resolve('done')));
    return { job, begun: () => ends.length, end: (i: number) => ends[i]?.() };
  }
  const outcome = (promise: Promise<string>): Promise<string> => promise.catch((error: Error) => error.message);

  it('runs two jobs at a time in order, queues three, and refuses the rest at once', async () => {
    const withSlot = createSemaphore({ maxRunning: 2, maxWaiting: 3, maxWaitMs: MINUTE, refusal: busy });
    const { job, begun, end } = held();
    const all = Array.from({ length: 8 }, () => outcome(withSlot(job)));
    expect(await Promise.all(all.slice(5))).to.deep.equal(['busy', 'busy', 'busy']);
    for (let i = 0; i < 5; i++) {
      expect(begun()).to.equal(Math.min(5, i + 2));
      end(i);
      expect(await all[i]).to.equal('done');
    }
    const again = withSlot(async () => 'done');
    expect(await again).to.equal('done');
  });

  it('runs the next job after one that failed', async () => {
    const withSlot = createSemaphore({ maxRunning: 1, maxWaiting: 3, maxWaitMs: MINUTE, refusal: busy });
    const all = [withSlot(() => Promise.reject(new Error('failed'))), withSlot(async () => 'done')].map(outcome);
    expect(await Promise.all(all)).to.deep.equal(['failed', 'done']);
  });

  it('refuses a job that has waited too long, and goes on with the others', async () => {
    const withSlot = createSemaphore({ maxRunning: 1, maxWaiting: 10, maxWaitMs: 20, refusal: busy });
    const { job, end } = held();
    const all = [withSlot(job), withSlot(job), withSlot(job)].map(outcome);
    await sleep(50);
    end(0);
    expect(await Promise.all(all)).to.deep.equal(['done', 'busy', 'busy']);
    expect(await withSlot(async () => 'done')).to.equal('done');
  });

  it('refuses a job at once when it would wait too long by the mean duration of jobs', async () => {
    const withSlot = createSemaphore({ maxRunning: 1, maxWaiting: 100, maxWaitMs: MINUTE, refusal: busy });
    const short = createSemaphore({ maxRunning: 1, maxWaiting: 100, maxWaitMs: 30, refusal: busy });
    const { job, end } = held();
    for (const semaphore of [withSlot, short]) {
      // Weight 0.2: the mean is 10 ms or more.
      await semaphore(() => sleep(50));
    }
    const [first, ...others] = Array.from({ length: 40 }, () => outcome(short(job))) as [Promise<string>];
    const patient = Array.from({ length: 40 }, () => outcome(withSlot(async () => 'done')));
    // At most three may wait while the first one runs.
    expect(await Promise.all(others.slice(3))).to.deep.equal(Array.from({ length: 36 }, () => 'busy'));
    end(0);
    expect(await first).to.equal('done');
    expect(new Set(await Promise.all(patient))).to.deep.equal(new Set(['done']));
    for (let i = 1; i < 4; i++) end(i);
  });
});
