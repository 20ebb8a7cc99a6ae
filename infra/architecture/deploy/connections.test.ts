import { expect } from 'chai';
import { onTree } from '../fixture-tree.ts';
import { filesBelow, REPO, read } from '../tree.ts';
import { type Budget, budgets, describeBudget, fits, totalOf } from './connections.ts';

/** Sizes of pools that `npm run connections` does not see. */
const uncounted = (root: string): string[] =>
  filesBelow(root, 'services')
    .filter((file) => file.includes('/src/'))
    .flatMap((file) =>
      [...read(root, file).matchAll(/\bopen(?:Pipelined)?Pool\([^;]*?\{ (?:max|connections): ([\w.]+)/g)]
        .map(([, size]) => size as string)
        .filter((size) => !size.startsWith('POOLS.'))
        .map((size) => `${file}: ${size}`),
    );

/** How often each entry of a service's POOLS is the size of a pool. */
const uses = (service: string, entry: string): number =>
  read(REPO, `services/${service}/src/open.ts`).split(`POOLS.${entry},`).length - 1;

describe('PostgreSQL connections', () => {
  it('of every deployment at its maximum stay below max_connections', async () => {
    const all = await budgets();
    expect(all.map(({ name }) => name)).to.deep.equal([
      'docker-compose.yml',
      'k8s/overlays/dev',
      'k8s/overlays/production',
    ]);
    for (const budget of all) {
      expect(totalOf(budget), budget.name).to.be.above(50);
      expect(fits(budget), describeBudget(budget)).to.equal(true);
    }
  });

  it('a deployment with one instance too many is found', () => {
    const needs = [{ service: 'message', instances: 10, surge: 1, perInstance: 20 }];
    const budget: Budget = { name: 'x', needs, maxConnections: 234 };
    expect(fits(budget)).to.equal(true);
    expect(fits({ ...budget, maxConnections: 233 })).to.equal(false);
  });

  it('every pool of a service has a size that is counted, and is opened once', () => {
    expect(uncounted(REPO)).to.deep.equal([]);
    for (const [service, entries] of Object.entries({
      auth: ['reads'],
      message: ['reads', 'sending', 'pool', 'searches'],
    }))
      for (const entry of entries) expect(uses(service, entry) + uses(service, `${entry} }`), entry).to.equal(1);
    const file = 'services/auth/src/open.ts';
    const code = "const more = openPool(config, name, 'auth', log, { max: 7, options: '' });";
    expect(onTree({ 'services/auth/package.json': '{"name":"a"}', [file]: code }, uncounted)).to.deep.equal([
      `${file}: 7`,
    ]);
  });
});
