import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { openLine } from '../src/line.ts';

describe('the line before the hasher', () => {
  const MINUTE = 60_000;
  const busy = (): Error => new Error('busy');
  /** Jobs that end when they are told to. */
  function held() {
    const ends: (() => void)[] = [];
    const job = () => new Promise<string>((resolve) => ends.push(() => resolve('done')));
    return { job, begun: () => ends.length, end: (i: number) => ends[i]?.() };
  }
  const outcome = (promise: Promise<string>): Promise<string> => promise.catch((error: Error) => error.message);

  it('works two at a time in order, lets few wait, refuses the rest at once', async () => {
    const inTurn = openLine({ atOnce: 2, capacity: 3, mostWaitMs: MINUTE, busy });
    const { job, begun, end } = held();
    const all = Array.from({ length: 8 }, () => outcome(inTurn(job)));
    expect(await Promise.all(all.slice(5))).to.deep.equal(['busy', 'busy', 'busy']);
    for (let i = 0; i < 5; i++) {
      expect(begun()).to.equal(Math.min(5, i + 2));
      end(i);
      expect(await all[i]).to.equal('done');
    }
    const again = inTurn(async () => 'done');
    expect(await again).to.equal('done');
  });

  it('goes on after a job that failed', async () => {
    const inTurn = openLine({ atOnce: 1, capacity: 3, mostWaitMs: MINUTE, busy });
    const all = [inTurn(() => Promise.reject(new Error('failed'))), inTurn(async () => 'done')].map(outcome);
    expect(await Promise.all(all)).to.deep.equal(['failed', 'done']);
  });

  it('refuses who has waited too long, and goes on with the others', async () => {
    const inTurn = openLine({ atOnce: 1, capacity: 10, mostWaitMs: 20, busy });
    const { job, end } = held();
    const all = [inTurn(job), inTurn(job), inTurn(job)].map(outcome);
    await sleep(50);
    end(0);
    expect(await Promise.all(all)).to.deep.equal(['done', 'busy', 'busy']);
    expect(await inTurn(async () => 'done')).to.equal('done');
  });

  it('refuses at once who would wait too long, as soon as it knows how long a job takes', async () => {
    const inTurn = openLine({ atOnce: 1, capacity: 100, mostWaitMs: MINUTE, busy });
    const short = openLine({ atOnce: 1, capacity: 100, mostWaitMs: 30, busy });
    const { job, end } = held();
    for (const line of [inTurn, short]) {
      // A fifth of it counts: 10 ms or more.
      await line(() => sleep(50));
    }
    const [first, ...others] = Array.from({ length: 40 }, () => outcome(short(job))) as [Promise<string>];
    const patient = Array.from({ length: 40 }, () => outcome(inTurn(async () => 'done')));
    // Three at most may wait, while the first one is still at work.
    expect(await Promise.all(others.slice(3))).to.deep.equal(Array.from({ length: 36 }, () => 'busy'));
    end(0);
    expect(await first).to.equal('done');
    expect(new Set(await Promise.all(patient))).to.deep.equal(new Set(['done']));
    for (let i = 1; i < 4; i++) end(i);
  });
});
