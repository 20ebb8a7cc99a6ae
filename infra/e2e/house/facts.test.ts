import { expect } from 'chai';
import { catalogOf, factFaults } from './facts.ts';
import { manifest, onTree } from './planted.ts';
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
const heard = { 'services/user/src/facts.ts': "export const handlers = { 'account.created': (a) => keep(a) };" };

describe('facts of the house', () => {
  it('every fact has a handler in each service that hears it, and is told by its owner', async () => {
    expect(factFaults(REPO, await catalogOf(REPO))).to.deep.equal([]);
  });

  it('a hearing service without a handler is caught', () => {
    expect(faults({})).to.match(/user must hear account\.created/);
    expect(faults({ 'services/user/src/facts.ts': "// 'account.created': later" })).to.have.length(1);
    expect(faults(heard)).to.deep.equal([]);
  });

  it('a fact told by another service is caught', () => {
    const text = "await tellFact(trx, 'account.created', account);";
    expect(faults({ ...heard, 'services/user/src/a.ts': text })).to.match(/not its own/);
    expect(faults({ ...heard, 'services/auth/src/a.ts': text })).to.deep.equal([]);
  });
});
