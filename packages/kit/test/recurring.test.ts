import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { every } from '../src/recurring.ts';

describe('recurring work', () => {
  it('never runs twice at once, and goes on after a failure', async () => {
    let [runs, atOnce, most] = [0, 0, 0];
    const errors: string[] = [];
    const work = every(
      5,
      async () => {
        runs++;
        most = Math.max(most, ++atOnce);
        await sleep(20);
        atOnce--;
        if (runs === 1) throw new Error('the first');
      },
      (error) => errors.push(error.message),
    );
    for (const end = Date.now() + 5000; runs < 3 && Date.now() < end; ) await sleep(5);
    await work.close();
    expect([runs >= 3, most, atOnce]).to.deep.equal([true, 1, 0]);
    expect(errors).to.deep.equal(['the first']);
  });

  it('with different intervals runs together wherever possible', async () => {
    let turn = 0;
    const seen: Record<string, number[]> = { quick: [], slow: [] };
    const noting = (name: string) => async () => {
      seen[name]?.push(turn);
      setImmediate(() => turn++);
    };
    const quick = every(50, noting('quick'), () => undefined);
    await sleep(20);
    const slow = every(100, noting('slow'), () => undefined);
    for (const end = Date.now() + 5000; (seen.slow?.length ?? 0) < 3 && Date.now() < end; ) await sleep(5);
    await Promise.all([quick.close(), slow.close()]);
    expect(seen.slow).to.have.length.of.at.least(3);
    expect(seen.quick).to.include.members(seen.slow ?? []);
  });

  it('is closed by aborting the current run and waiting for it; no other starts', async () => {
    const seen: string[] = [];
    const work = every(
      1,
      async (closing) => {
        seen.push('begun');
        while (!closing.aborted) await sleep(1);
        seen.push('ended');
      },
      () => undefined,
    );
    for (const end = Date.now() + 5000; seen.length === 0 && Date.now() < end; ) await sleep(1);
    await work.close();
    await sleep(20);
    expect(seen).to.deep.equal(['begun', 'ended']);
  });
});
