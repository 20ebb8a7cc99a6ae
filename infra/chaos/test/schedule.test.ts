import { expect } from 'chai';
import { schedule } from '../src/schedule.ts';

const plan = { seconds: 600, targets: ['a', 'b', 'postgres', 'redis'], rest: 2000 };

describe('the schedule of faults', () => {
  it('is the same for the same seed and differs for others', () => {
    expect(schedule({ ...plan, seed: 1 })).to.deep.equal(schedule({ ...plan, seed: 1 }));
    expect(schedule({ ...plan, seed: 1 })).to.not.deep.equal(schedule({ ...plan, seed: 2 }));
  });

  it('kills and freezes every process, flushes and cuts Redis, one after the other, and ends in time', () => {
    const faults = schedule({ ...plan, seed: 3 });
    for (const target of plan.targets) {
      const kinds = faults.filter((f) => f.target === target).map(({ kind }) => kind);
      expect(kinds).to.include('kill');
      expect(kinds.some((kind) => kind.startsWith('freeze'))).to.equal(true);
    }
    expect(faults.map(({ kind }) => kind)).to.include.members(['flushall', 'cut-subscriptions']);
    for (const [i, fault] of faults.entries()) {
      const next = faults[i + 1];
      expect(fault.at + fault.lasts).to.be.lessThan(next?.at ?? plan.seconds * 1000);
    }
  });
});
