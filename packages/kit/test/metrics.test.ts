import { expect } from 'chai';
import { createMetrics } from '../src/metrics.ts';
import { VERSION } from '../src/version.ts';

describe('the metrics of every process', () => {
  it('say which version runs, on which Node, under the names of service and instance', async () => {
    const text = await createMetrics('user', 'user-1').metrics();
    const labels = `version="${VERSION}",node_version="${process.version}",service="user",instance="user-1"`;
    expect(text).to.include(`chatapi_build_info{${labels}} 1`);
  });

  it('have every security event at 0 before it happens, so that the first is an increase', async () => {
    const text = await createMetrics('user', 'user-1').metrics();
    for (const event of ['refresh.theft', 'identity.refused', 'account.locked'])
      expect(text).to.match(new RegExp(`^chatapi_security_events_total\\{event="${event}".*\\} 0$`, 'm'));
  });
});
