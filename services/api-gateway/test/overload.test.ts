import { setTimeout as sleep } from 'node:timers/promises';
import type { AppError } from '@chatapi/kit';
import { expect } from 'chai';
import { type Load, openLoad } from '../src/overload.ts';

const refusal = (load: Load): string => {
  try {
    load.check();
    return 'none';
  } catch (error) {
    return (error as AppError).code;
  }
};

/** Holds the event loop up for 150 ms at a time. */
async function dawdle(ms: number): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; ) {
    for (const until = performance.now() + 150; performance.now() < until; );
    await sleep(1);
  }
}

describe('saying no early', () => {
  it('a door whose event loop is late refuses, and takes requests again after a rest; then alike', async () => {
    const load = openLoad(10, 60);
    for (let round = 0; round < 2; round++) {
      expect(refusal(load)).to.equal('none');
      load.enter();
      await dawdle(1500);
      expect(refusal(load), `round ${round}`).to.equal('SERVICE_UNAVAILABLE');
      load.leave();
      await sleep(1200);
    }
    expect(refusal(load)).to.equal('none');
    load.close();
  });

  it('a door with too much under way refuses until some of it has left', () => {
    const load = openLoad(2, 1000);
    for (let i = 0; i < 3; i++) load.enter();
    expect(refusal(load)).to.equal('SERVICE_UNAVAILABLE');
    load.leave();
    expect([refusal(load), load.inFlight()]).to.deep.equal(['none', 2]);
    load.close();
  });
});
