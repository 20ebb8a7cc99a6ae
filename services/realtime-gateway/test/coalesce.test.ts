import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { coalesce } from '../src/message-service/coalesce.ts';

/** Calls that the test answers, with each key doubled. */
function setup(most?: number) {
  const calls: { keys: number[]; answer(): void; fail(error: Error): void }[] = [];
  const ask = coalesce<number, number>(
    (keys) =>
      new Promise((resolve, reject) => {
        calls.push({ keys, answer: () => resolve(keys.map((key) => 2 * key)), fail: reject });
      }),
    most,
  );
  return { calls, ask, keys: () => calls.map(({ keys }) => keys) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('coalescing of requests', () => {
  it('sends the first request at once, and those that arrive meanwhile in one call', async () => {
    const { calls, ask, keys } = setup();
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

  it('does not wait for a slow call', async () => {
    const { calls, ask, keys } = setup();
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

  it('rejects all requests of a failed call, and calls again for later ones', async () => {
    const { calls, ask } = setup();
    const both = Promise.allSettled([ask(1), ask(2)]);
    await turn();
    const later = ask(3);
    calls[0]?.fail(new Error('away'));
    expect((await both).map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    while (calls.length < 2) await turn();
    calls[1]?.answer();
    expect(await later).to.equal(6);
  });

  it('bounds the size of a call', async () => {
    const { calls, ask, keys } = setup(2);
    const all = Promise.all([1, 2, 3, 4, 5].map(ask));
    for (let i = 0; i < 3; i++) {
      while (calls.length <= i) await turn();
      calls[i]?.answer();
    }
    expect(await all).to.deep.equal([2, 4, 6, 8, 10]);
    expect(keys()).to.deep.equal([[1, 2], [3, 4], [5]]);
  });
});
