import { createMetrics, type Metrics } from '@chatapi/kit';
import type { RateLimiter } from '@chatapi/kit/auth';
import { expect } from 'chai';
import { createNodeMetrics, type NodeMetrics } from '../src/metrics.ts';

const none = (): number => 0;
const limiter = { inMemory: () => 7 } as RateLimiter;

describe('metrics of a node', () => {
  let registry: Metrics;
  let node: NodeMetrics;
  beforeEach(() => {
    registry = createMetrics('realtime-gateway', 'n');
    const sources = { connections: none, users: none, rooms: none, framesOut: none, slowReaders: () => 3 };
    node = createNodeMetrics(registry, { ...sources, signalsLive: () => false, limiter });
  });

  it('count cut readers and resumes from 0, so that a first burst is an increase', async () => {
    expect(await registry.metrics())
      .to.match(/^chatapi_ws_closed_total\{code="4408".*\} 0$/m)
      .and.match(/^chatapi_ws_resume_total\{result="incomplete".*\} 0$/m);
    node.closed(4408);
    expect(await registry.metrics()).to.match(/^chatapi_ws_closed_total\{code="4408".*\} 1$/m);
  });

  it('count all codes that clients make up in one series', async () => {
    const series = async (): Promise<number> =>
      [...(await registry.metrics()).matchAll(/^chatapi_ws_closed_total\{/gm)].length;
    const before = await series();
    for (let code = 3000; code < 3100; code++) node.closed(code);
    expect(await series()).to.equal(before);
    expect(await registry.metrics()).to.match(/^chatapi_ws_closed_total\{code="other".*\} 100$/m);
  });

  it('show slow readers, whether signals arrive, and limits counted without Redis', async () => {
    expect(await registry.metrics())
      .to.match(/^chatapi_ws_slow_readers\{.*\} 3$/m)
      .and.match(/^chatapi_signals_live\{.*\} 0$/m)
      .and.match(/^chatapi_limiter_in_memory_total\{.*\} 7$/m);
  });

  it('measure from the commit, and never less than nothing when clocks differ', async () => {
    node.signalled(Date.now() - 60_000);
    node.delivered(Date.now() + 60_000);
    const text = await registry.metrics();
    expect(text).to.match(/^chatapi_signal_lag_seconds_bucket\{le="5",.*\} 0$/m);
    expect(text).to.match(/^chatapi_signal_lag_seconds_count\{.*\} 1$/m);
    expect(text).to.match(/^chatapi_delivery_seconds_bucket\{le="0.001",.*\} 1$/m);
  });
});
