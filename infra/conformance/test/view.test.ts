// Tests of the check itself: it finds each planted fault.
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { differences, type Log, type RoomView } from '../src/view.ts';

const LOG: Log = [2, 3, 5, 6].map((seq) => [seq, `msg_${seq}`, 'text']);
const LAST = 6;

/** The report of a driver for these seqs; 1 and 4 are not messages. */
function viewOf(seqs: number[], idOf = (seq: number): string => `msg_${seq}`): RoomView {
  const digest = createHash('sha256');
  const breaks: [number, number][] = [];
  for (const [i, seq] of seqs.entries()) {
    const before = seqs[i - 1] ?? seq - 1;
    if (seq !== before + 1) breaks.push([before, seq]);
    if (seq !== 1 && seq !== 4) digest.update(`${seq} ${idOf(seq)}\n`);
  }
  return { first: seqs[0] ?? 0, last: seqs.at(-1) ?? 0, breaks, digest: digest.digest('hex') };
}

describe('the check of a view', () => {
  it('finds nothing if the view equals the log from the beginning or from where the app joined', () => {
    expect(differences(viewOf([1, 2, 3, 4, 5, 6]), LOG, LAST)).to.deep.equal([]);
    expect(differences(viewOf([4, 5, 6]), LOG, LAST)).to.deep.equal([]);
  });

  for (const [fault, seqs] of [
    ['lost', [1, 2, 3, 5, 6]],
    ['lost at the end', [1, 2, 3, 4, 5]],
    ['doubled', [1, 2, 3, 3, 4, 5, 6]],
    ['misordered', [1, 3, 2, 4, 5, 6]],
  ] as const) {
    it(`finds what was ${fault}`, () => expect(differences(viewOf([...seqs]), LOG, LAST)).to.not.deep.equal([]));
  }

  it('finds a wrong message', () => {
    const other = viewOf([1, 2, 3, 4, 5, 6], (seq) => (seq === 3 ? 'msg_x' : `msg_${seq}`));
    expect(differences(other, LOG, LAST)).to.have.length(1);
  });

  it('allows history to omit only events that are not messages', () => {
    expect(differences(viewOf([2, 3, 5, 6]), LOG, LAST, true)).to.deep.equal([]);
    expect(differences(viewOf([2, 3, 5, 6]), LOG, LAST)).to.not.deep.equal([]);
    expect(differences(viewOf([2, 5, 6]), LOG, LAST, true)).to.have.length(2);
    expect(differences(viewOf([2, 5, 3, 6]), LOG, LAST, true)).to.not.deep.equal([]);
  });

  it('finds an empty view', () => expect(differences(undefined, LOG, LAST)).to.have.length(1));
});
