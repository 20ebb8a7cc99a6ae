// Metrics of connections. The hot path counts in plain numbers, which are read at each scrape, and
// observes at most one duration per packet and per turn.
import { Counter, Gauge, Histogram, type Metrics } from '@chatapi/kit';
import { type RateLimiter, showLimiter } from '@chatapi/kit/auth';

export interface MetricSources {
  connections(): number;
  users(): number;
  rooms(): number;
  framesOut(): number;
  slowReaders(): number;
  signalsLive(): boolean;
  limiter: RateLimiter;
}

export interface NodeMetrics {
  received(): void;
  closed(code: number): void;
  resumed(complete: boolean): void;
  /** A packet with events committed at this time (ms) arrived. */
  signalled(committedAt: number): void;
  /** Events committed at this time (ms) or later were written to sockets. */
  delivered(committedAt: number): void;
  /** The log had events of which no signal had arrived. */
  filledGap(): void;
}

/** The clocks of machines differ a little. */
const secondsSince = (at: number): number => Math.max(0, Date.now() - at) / 1000;
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** The rest counts as `other`: a client may close with any of thousands of codes. */
const CLOSE_CODES = new Set([1000, 1001, 1005, 1006, 1008, 1009, 1012, 4401, 4403, 4408, 4429].map(String));

/** Series start at 0: Prometheus sees no increase at the first value of a series. */
export function createNodeMetrics(metrics: Metrics, sources: MetricSources): NodeMetrics {
  const registers = [metrics];
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge('chatapi_ws_connections', 'Open connections', sources.connections);
  gauge('chatapi_ws_users', 'Users with a connection to this node', sources.users);
  gauge('chatapi_ws_rooms', 'Rooms with a member on this node', sources.rooms);
  gauge('chatapi_ws_slow_readers', 'Connections that are fed from the log at their own pace', sources.slowReaders);
  gauge('chatapi_signals_live', '1 while signals arrive; else heads are polled', () => Number(sources.signalsLive()));
  showLimiter(metrics, sources.limiter);
  const signalLag = new Histogram({
    name: 'chatapi_signal_lag_seconds',
    help: 'Time from the commit of events to the arrival of their signal, once per packet',
    buckets: BUCKETS,
    registers,
  });
  const delivery = new Histogram({
    name: 'chatapi_delivery_seconds',
    help: 'Time from the commit of events to the write to sockets, the longest of each turn of the event loop',
    buckets: BUCKETS,
    registers,
  });
  const gapsFilled = new Counter({
    name: 'chatapi_gaps_filled_total',
    help: 'Reads of the log that found events of which no signal had arrived',
    registers,
  });
  let framesIn = 0;
  new Counter({
    name: 'chatapi_ws_frames_total',
    help: 'WebSocket frames by direction',
    labelNames: ['direction'],
    registers,
    collect() {
      this.reset();
      this.inc({ direction: 'in' }, framesIn);
      this.inc({ direction: 'out' }, sources.framesOut());
    },
  });
  const closed = new Counter({
    name: 'chatapi_ws_closed_total',
    help: 'Closed connections by close code',
    labelNames: ['code'],
    registers,
  });
  const resumed = new Counter({
    name: 'chatapi_ws_resume_total',
    help: 'Resumed rooms by result',
    labelNames: ['result'],
    registers,
  });
  for (const code of [...CLOSE_CODES, 'other']) closed.inc({ code }, 0);
  for (const result of ['complete', 'incomplete']) resumed.inc({ result }, 0);
  return {
    received: () => {
      framesIn++;
    },
    closed: (code) => closed.inc({ code: CLOSE_CODES.has(String(code)) ? String(code) : 'other' }),
    signalled: (at) => signalLag.observe(secondsSince(at)),
    delivered: (at) => delivery.observe(secondsSince(at)),
    filledGap: () => gapsFilled.inc(),
    resumed: (complete) => resumed.inc({ result: complete ? 'complete' : 'incomplete' }),
  };
}
