import { expect } from 'chai';
import { openTurns } from '../src/turns.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('turns', () => {
  it('works of one key go one after the other, in order, past a failure; other keys don’t wait', async () => {
    const inTurn = openTurns();
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

  it('who waited too long hears SERVICE_UNAVAILABLE and does nothing', async () => {
    const inTurn = openTurns(10);
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
