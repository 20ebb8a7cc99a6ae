import { versionFaults, versionOf } from '@chatapi/release';
import { expect } from 'chai';
import { REPO, read } from './tree.ts';

describe('the version', () => {
  it('is that of the root package.json everywhere: npm run release -- version', () => {
    expect(versionFaults(REPO)).to.deep.equal([]);
  });

  it('has an entry in CHANGELOG.md', () => {
    expect(read(REPO, 'CHANGELOG.md').split('\n')).to.include(`## ${versionOf(REPO)}`);
  });
});
