import { expect } from 'chai';
import type { Done, Job } from '../src/test/pool.ts';
import { unstable } from '../src/test/unstable.ts';

const PASSED = { passed: 3, failed: 0, failures: [], output: '' };

function ended(failedFiles: string[], second: (files: string[]) => number): Done {
  const run = (files: string[]) => async () => {
    const failed = second(files);
    return { passed: 1, failed, failures: Array(failed).fill('again'), output: '' };
  };
  const job: Job = {
    phase: 'unit',
    title: 'unit tests: 1',
    seconds: 1,
    after: ['types'],
    run: run(['all']),
    only: (files) => ({ ...job, run: run(files) }),
  };
  return { job, seconds: 1, outcome: { passed: 9, failed: 1, failures: ['first'], output: '', failedFiles } };
}

describe('tests that fail in a whole run', () => {
  const ignore = () => undefined;

  it('run again alone, their files only; what passes then is told apart and counts as passed', async () => {
    const asked: string[][] = [];
    const done = ended(['a.test.ts'], (files) => {
      asked.push(files);
      return 0;
    });
    const titles: string[] = [];
    expect(await unstable([done], ({ job }) => titles.push(job.title))).to.deep.equal(['first']);
    expect(asked).to.deep.equal([['a.test.ts']]);
    expect(titles).to.deep.equal(['again, alone: unit tests: 1']);
    expect(done.outcome).to.include({ passed: 10, failed: 0 });
  });

  it('have failed if they fail again', async () => {
    const done = ended(['a.test.ts'], () => 1);
    expect(await unstable([done], ignore)).to.deep.equal([]);
    expect(done.outcome).to.deep.include({ passed: 9, failed: 1, failures: ['first'] });
  });

  it('do not run again if many failed, and what passed never does', async () => {
    const second = () => expect.fail('it ran again');
    const many = Array.from({ length: 25 }, (_, i) => ended([`${i}.test.ts`], second));
    expect(await unstable(many, ignore)).to.deep.equal([]);
    expect(await unstable([{ ...ended([], second), outcome: PASSED }], ignore)).to.deep.equal([]);
  });
});
