import { expect } from 'chai';
import { onTree } from './fixture-tree.ts';
import { missingProofs, proofsOf } from './security.ts';
import { REPO, read } from './tree.ts';

const table = (cell: string): string => `| threat | answer | test |\n| --- | --- | --- |\n| a | b | ${cell} |\n`;

describe('SECURITY.md', () => {
  it('names existing tests', () => {
    expect(missingProofs(REPO)).to.deep.equal([]);
    expect(proofsOf(read(REPO, 'SECURITY.md')).length).to.be.greaterThan(60);
  });

  it('with a missing test or file is found', async () => {
    const test = "describe('x', () => { it('lets nobody in', () => undefined); });";
    const files = (cell: string) => ({ 'SECURITY.md': table(cell), 'services/auth/test/login.test.ts': test });
    const missing = (cell: string) => onTree(files(cell), async (root) => missingProofs(root));
    expect(await missing('auth/login: lets … in')).to.deep.equal([]);
    expect(await missing('auth/login (all); auth/login: lets nobody in')).to.deep.equal([]);
    expect(await missing('auth/login: lets nobody out')).to.have.length(1);
    expect(await missing('auth/logout (all)')).to.have.length(1);
    expect(await missing('a test somewhere')).to.have.length(1);
  });
});
