import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { gathered } from '../src/gather.ts';

/** Calls are answered by hand, with each key doubled. */
function stage(most?: number) {
  const calls: { keys: number[]; answer(): void; fail(error: Error): void }[] = [];
  const ask = gathered<number, number>(
    (keys) =>
      new Promise((resolve, reject) => {
        calls.push({ keys, answer: () => resolve(keys.map((key) => 2 * key)), fail: reject });
      }),
    most,
  );
  return { calls, ask, keys: () => calls.map(({ keys }) => keys) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('what is asked for by many', () => {
  it('is asked for at once by the first, and in one call by all who come while that is under way', async () => {
    const { calls, ask, keys } = stage();
    const answers = [ask(1)];
    await turn();
    answers.push(ask(2));
    await turn();
    answers.push(ask(3));
    expect(keys()).to.deep.equal([[1]]);
    calls[0]?.answer();
    await answers[0];
    answers.push(ask(4));
    while (calls.length < 2) await turn();
    expect(keys()).to.deep.equal([[1], [2, 3, 4]]);
    calls[1]?.answer();
    expect(await Promise.all(answers)).to.deep.equal([2, 4, 6, 8]);
    const later = ask(5);
    await turn();
    calls[2]?.answer();
    expect(await later).to.equal(10);
  });

  it('waits for no call that takes its time', async () => {
    const { calls, ask, keys } = stage();
    const hanging = ask(1);
    await turn();
    const next = ask(2);
    while (calls.length < 2) await sleep(5);
    calls[1]?.answer();
    expect(await next).to.equal(4);
    calls[0]?.answer();
    expect(await hanging).to.equal(2);
    expect(keys()).to.deep.equal([[1], [2]]);
  });

  it('is told to each who asked when it fails, and asked again for who comes after', async () => {
    const { calls, ask } = stage();
    const both = Promise.allSettled([ask(1), ask(2)]);
    await turn();
    const later = ask(3);
    calls[0]?.fail(new Error('away'));
    expect((await both).map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    while (calls.length < 2) await turn();
    calls[1]?.answer();
    expect(await later).to.equal(6);
  });

  it('comes in calls of a bounded size', async () => {
    const { calls, ask, keys } = stage(2);
    const all = Promise.all([1, 2, 3, 4, 5].map(ask));
    for (let i = 0; i < 3; i++) {
      while (calls.length <= i) await turn();
      calls[i]?.answer();
    }
    expect(await all).to.deep.equal([2, 4, 6, 8, 10]);
    expect(keys()).to.deep.equal([[1, 2], [3, 4], [5]]);
  });
});
