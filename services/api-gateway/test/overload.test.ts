import { setTimeout as sleep } from 'node:timers/promises';
import { type AppError, createLog, type Log } from '@chatapi/kit';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { createLoadMonitor, type LoadMonitor } from '../src/overload.ts';

const log = createLog('api-gateway', 'test', 'silent');

const refusal = (load: LoadMonitor): string => {
  try {
    load.check();
    return 'none';
  } catch (error) {
    return (error as AppError).code;
  }
};

const never = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the event loop for `ms` at a time, without CPU, which other tests need. */
async function block(ms: number, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    Atomics.wait(never, 0, 0, ms);
    await sleep(1);
  }
}

describe('load shedding', () => {
  it('refuses requests while the event loop is 700 ms late, and accepts them again afterwards, twice', async () => {
    const load = createLoadMonitor(10, 500, log);
    for (let round = 0; round < 2; round++) {
      expect(refusal(load)).to.equal('none');
      load.enter();
      await block(700, 1);
      expect(refusal(load), 'late once').to.equal('none');
      await block(700, 3);
      expect(refusal(load), `round ${round}`).to.equal('SERVICE_UNAVAILABLE');
      load.leave();
      await sleep(300);
    }
    expect(refusal(load)).to.equal('none');
    load.close();
  }).timeout(20_000);

  it('accepts requests while the event loop is on time', async () => {
    const load = createLoadMonitor(10, 500, log);
    load.enter();
    await block(40, 20);
    expect(refusal(load)).to.equal('none');
    load.close();
  });

  it('refuses requests above the maximum in flight until some have ended', () => {
    const load = createLoadMonitor(2, 1000, log);
    for (let i = 0; i < 3; i++) load.enter();
    expect(refusal(load)).to.equal('SERVICE_UNAVAILABLE');
    load.leave();
    expect([refusal(load), load.inFlight()]).to.deep.equal(['none', 2]);
    load.close();
  });

  it('logs once how many requests it refused within a second, not each of them', async () => {
    const lines: object[] = [];
    const load = createLoadMonitor(1, 1000, { ...log, warn: (line: object) => void lines.push(line) } as Log);
    for (let i = 0; i < 2; i++) load.enter();
    for (let i = 0; i < 500; i++) refusal(load);
    await eventually(() => expect(lines).to.deep.equal([{ refused: 500, in_flight: 2 }]));
    load.close();
  });
});
