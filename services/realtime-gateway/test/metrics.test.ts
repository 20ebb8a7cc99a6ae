import { createMetrics } from '@chatapi/kit';
import { expect } from 'chai';
import { createNodeMetrics } from '../src/metrics.ts';

const none = (): number => 0;

describe('metrics of a node', () => {
  it('count cut readers and resumes from 0, so that a first burst is an increase', async () => {
    const registry = createMetrics('realtime-gateway', 'n');
    const node = createNodeMetrics(registry, { connections: none, users: none, rooms: none, framesOut: none });
    expect(await registry.metrics())
      .to.match(/^chatapi_ws_closed_total\{code="4408".*\} 0$/m)
      .and.match(/^chatapi_ws_resume_total\{result="incomplete".*\} 0$/m);
    node.closed(4408);
    expect(await registry.metrics()).to.match(/^chatapi_ws_closed_total\{code="4408".*\} 1$/m);
  });

  it('count all codes that clients make up in one series', async () => {
    const registry = createMetrics('realtime-gateway', 'n');
    const node = createNodeMetrics(registry, { connections: none, users: none, rooms: none, framesOut: none });
    const series = async (): Promise<number> =>
      [...(await registry.metrics()).matchAll(/^chatapi_ws_closed_total\{/gm)].length;
    const before = await series();
    for (let code = 3000; code < 3100; code++) node.closed(code);
    expect(await series()).to.equal(before);
    expect(await registry.metrics()).to.match(/^chatapi_ws_closed_total\{code="other".*\} 100$/m);
  });
});
