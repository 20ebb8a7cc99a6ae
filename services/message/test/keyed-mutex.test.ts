import { expect } from 'chai';
import { createKeyedMutex } from '../src/log/keyed-mutex.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('keyed mutex', () => {
  it('work of one key runs in order, also after a failure; other keys do not wait', async () => {
    const inTurn = createKeyedMutex();
    const seen: string[] = [];
    const work = (name: string, ms: number) => async () => {
      await pause(ms);
      seen.push(name);
      if (name === 'a2') throw new Error('bad');
    };
    const all = [
      inTurn('a', work('a1', 30)),
      inTurn('a', work('a2', 1)),
      inTurn('a', work('a3', 1)),
      inTurn('b', work('b1', 1)),
    ];
    const outcomes = await Promise.allSettled(all);
    expect(seen).to.deep.equal(['b1', 'a1', 'a2', 'a3']);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('work that waited too long is not run and fails with SERVICE_UNAVAILABLE', async () => {
    const inTurn = createKeyedMutex(10);
    let did = false;
    const outcomes = await Promise.allSettled([
      inTurn('a', () => pause(50)),
      inTurn('a', async () => {
        did = true;
      }),
    ]);
    expect([(outcomes[1] as PromiseRejectedResult).reason.code, did]).to.deep.equal(['SERVICE_UNAVAILABLE', false]);
  });
});
