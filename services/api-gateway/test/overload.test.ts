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

/** Holds the event loop up for `ms` at a time. */
async function dawdle(ms: number, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    for (const until = performance.now() + ms; performance.now() < until; );
    await sleep(1);
  }
}

describe('saying no early', () => {
  it('a door whose event loop is 700 ms late refuses from 500 ms, and takes requests again after a rest; then alike', async () => {
    const load = openLoad(10, 500);
    for (let round = 0; round < 2; round++) {
      expect(refusal(load)).to.equal('none');
      load.enter();
      await dawdle(700, 1);
      expect(refusal(load), 'late once').to.equal('none');
      await dawdle(700, 3);
      expect(refusal(load), `round ${round}`).to.equal('SERVICE_UNAVAILABLE');
      load.leave();
      await sleep(300);
    }
    expect(refusal(load)).to.equal('none');
    load.close();
  }).timeout(20_000);

  it('a door that is on time takes them', async () => {
    const load = openLoad(10, 500);
    load.enter();
    await dawdle(40, 20);
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
