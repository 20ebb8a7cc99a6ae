// Metrics of connections. The hot path counts in plain numbers, which are read at each scrape.
import { Counter, Gauge, type Metrics } from '@chatapi/kit';

export interface MetricSources {
  connections(): number;
  users(): number;
  rooms(): number;
  framesOut(): number;
}

export interface NodeMetrics {
  received(): void;
  closed(code: number): void;
  resumed(complete: boolean): void;
}

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
    resumed: (complete) => resumed.inc({ result: complete ? 'complete' : 'incomplete' }),
  };
}
