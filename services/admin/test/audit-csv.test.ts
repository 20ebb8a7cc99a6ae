import { expect } from 'chai';
import fc from 'fast-check';
import { csvCell } from '../src/audit-csv.ts';

/** What a reader of RFC 4180 makes of one cell. */
const readCell = (cell: string): string => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);

describe('a cell of the audit log as CSV', () => {
  it('is read back as it was, or with an apostrophe before what begins a formula', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const cell = csvCell(text);
        const read = readCell(cell);
        expect(read === text || read === `'${text}`).to.equal(true);
        expect(read).to.not.match(/^[=+\-@\t\r\n]/);
        if (!cell.startsWith('"')) expect(cell).to.not.match(/[",\r\n]/);
      }),
    );
  });

  it('has an object as JSON, and nothing for null', () => {
    expect(csvCell({ reason: '=1+1' })).to.equal('"{""reason"":""=1+1""}"');
    expect(csvCell(null)).to.equal('');
    expect(csvCell('=cmd|calc')).to.equal("'=cmd|calc");
  });
});
