import { internalUrlOf, urlOf } from '@chatapi/local';
import { expect } from 'chai';
import { cluster } from '../support/cluster.ts';
import '../support/shared-cluster.ts';

/** Another address of this machine, where listeners on all addresses answer. */
const ELSEWHERE = '127.0.0.2';

const status = (url: string): Promise<number | string> =>
  fetch(url).then(
    (answer) => answer.status,
    (error: { cause?: { code?: string } }) => error.cause?.code ?? 'failed',
  );

describe('internal listeners of the local cluster', () => {
  it('answer only on the loopback address, those of the gateways too', async () => {
    for (const instance of cluster().instances) {
      const live = `${internalUrlOf(instance)}/health/live`;
      expect(await status(live), instance.name).to.equal(200);
      expect(await status(live.replace('127.0.0.1', ELSEWHERE)), instance.name).to.equal('ECONNREFUSED');
    }
  });

  it('differ from the public listeners of the gateways, which answer on all addresses', async () => {
    for (const instance of cluster().instances.filter(({ dir }) => dir === 'api-gateway'))
      expect(await status(urlOf(instance).replace('127.0.0.1', ELSEWHERE)), instance.name).to.equal(200);
  });
});
