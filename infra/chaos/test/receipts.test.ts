// Shows that the check of receivers finds planted faults.
import { expect } from 'chai';
import { checkReceipts, type Receipt } from '../src/receipts.ts';

const receipt = (room: string, seq: number, id = `evt_${room}_${seq}`): Receipt => ({ id, room, seq });
const heads = new Map([
  ['a', 3],
  ['b', 2],
]);
const right = (): Receipt[] => [
  receipt('a', 1),
  receipt('b', 1),
  receipt('a', 2),
  receipt('a', 1),
  receipt('b', 2),
  receipt('a', 3),
];
const faults = (receipts: Receipt[]): string => checkReceipts('one', receipts, heads).join('; ');

describe('the check of receivers', () => {
  it('takes events that come again, and rooms that do not wait for each other', () => {
    expect(faults(right())).to.equal('');
  });

  it('finds what is missing, out of order, too much, or has another id', () => {
    expect(faults(right().filter(({ seq }) => seq !== 2))).to.match(/never got 2 … of a \(1 of 3\); .*of b/);
    expect(faults([])).to.match(/3 of 3.*2 of 2/);
    expect(faults([receipt('a', 2), ...right()])).to.match(/a is out of order/);
    expect(faults([...right(), receipt('a', 4)])).to.match(/a ends after 3/);
    expect(faults([...right(), receipt('b', 2, 'evt_other')])).to.match(/an event of b has two ids/);
    expect(faults([...right(), receipt('b', 9, 'evt_a_1')])).to.match(/evt_a_1 is a 1 and b 9/);
  });
});
