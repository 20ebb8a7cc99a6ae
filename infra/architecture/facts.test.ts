import { expect } from 'chai';
import { catalogOf, factFaults, publishedFacts } from './facts.ts';
import { manifest, onTree } from './fixture-tree.ts';
import { REPO } from './tree.ts';

const catalog = { 'account.created': { from: 'auth', heard_by: ['user'] } };
const faults = (files: Record<string, string>): string[] =>
  onTree(
    {
      'services/auth/package.json': manifest('@chatapi/auth'),
      'services/user/package.json': manifest('@chatapi/user'),
      ...files,
    },
    (root) => factFaults(root, catalog),
  );
const handled = { 'services/user/src/facts.ts': "export const handlers = { 'account.created': (a) => keep(a) };" };

describe('facts', () => {
  it('have a handler in each subscriber and are published only by their owner', async () => {
    const facts = await catalogOf(REPO);
    expect(factFaults(REPO, facts)).to.deep.equal([]);
    // Fails when the publishing function is renamed and the check would find nothing.
    expect([...new Set(publishedFacts(REPO).map(({ fact }) => fact))].sort()).to.deep.equal(Object.keys(facts).sort());
  });

  it('a subscriber without a handler is found', () => {
    expect(faults({})).to.match(/user subscribes to account\.created/);
    expect(faults({ 'services/user/src/facts.ts': "// 'account.created': later" })).to.have.length(1);
    expect(faults(handled)).to.deep.equal([]);
  });

  it('a fact published by another service is found', () => {
    const text = "await recordFact(trx, 'account.created', account);";
    expect(faults({ ...handled, 'services/user/src/a.ts': text })).to.match(/not its own/);
    expect(faults({ ...handled, 'services/auth/src/a.ts': text })).to.deep.equal([]);
  });
});
