import { expect } from 'chai';
import { freePort, rangeBeside, releasePort } from '../src/ports.ts';

describe('ports of a local cluster', () => {
  it('are chosen outside the kernel’s range for outgoing connections', () => {
    expect(rangeBeside([32_768, 60_999])).to.deep.equal([10_000, 32_768]);
    expect(rangeBeside([16_000, 65_535])).to.deep.equal([10_000, 16_000]);
    expect(rangeBeside([1024, 50_000])).to.deep.equal([50_001, 65_536]);
  });

  it('are any unprivileged ports if that range covers nearly all', () => {
    expect(rangeBeside([1024, 65_500])).to.deep.equal([10_000, 65_535]);
  });

  it('are unique', async () => {
    const drawn = await Promise.all(Array.from({ length: 50 }, freePort));
    expect(new Set(drawn).size).to.equal(50);
    drawn.forEach(releasePort);
  });
});
