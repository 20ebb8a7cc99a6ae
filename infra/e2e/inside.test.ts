import { internalUrlOf, urlOf } from '@chatapi/local';
import { expect } from 'chai';
import { cluster } from './cluster.ts';

/** Another address of this very machine: who listens on all of them answers here too. */
const ELSEWHERE = '127.0.0.2';

const status = (url: string): Promise<number | string> =>
  fetch(url).then(
    (answer) => answer.status,
    (error: { cause?: { code?: string } }) => error.cause?.code ?? 'failed',
  );

describe('second listeners of the local cluster', () => {
  it('answer on the loopback address alone, those of the doors too', async () => {
    for (const instance of cluster().instances) {
      const live = `${internalUrlOf(instance)}/health/live`;
      expect(await status(live), instance.name).to.equal(200);
      expect(await status(live.replace('127.0.0.1', ELSEWHERE)), instance.name).to.equal('ECONNREFUSED');
    }
  });

  it('are not what the doors’ own listeners are: those face the world', async () => {
    for (const instance of cluster().instances.filter(({ dir }) => dir === 'api-gateway'))
      expect(await status(urlOf(instance).replace('127.0.0.1', ELSEWHERE)), instance.name).to.equal(200);
  });
});
