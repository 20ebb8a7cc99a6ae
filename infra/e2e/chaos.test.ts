// The short form of infra/chaos: a seeded half minute of faults. A longer one is a command (infra/chaos/README.md).
import { CHAOS_ENV, kept, lines, run } from '@chatapi/chaos';
import { expect } from 'chai';
import { dispose, ownCluster, type TestCluster } from './cluster.ts';

const SEED = Number(process.env.CHAOS_SEED ?? 11);

describe('under faults', function () {
  this.timeout(90_000);
  let own: TestCluster;
  before(async () => {
    own = await ownCluster({ ...CHAOS_ENV, DRAIN_MS: '0' });
  });
  after(() => dispose(own));

  it(`what was acknowledged is never lost, doubled or out of order (seed ${SEED})`, async () => {
    const said: string[] = [];
    const report = await run(own, { seed: SEED, seconds: 28, rest: 1200, say: (line) => said.push(line) });
    expect(kept(report), [...said, ...lines(report)].join('\n')).to.equal(true);
    expect(report.acked).to.be.greaterThan(100);
    expect(report.faults.length).to.be.greaterThan(3);
  });
});
