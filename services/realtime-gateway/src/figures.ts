// Owns: what this node tells Prometheus about its sockets. Counted as plain numbers on the hot path, read when scraped.
import { Counter, Gauge, type Metrics } from '@chatapi/kit';

export interface Sources {
  connections(): number;
  users(): number;
  rooms(): number;
  framesOut(): number;
}

export interface Figures {
  received(): void;
  closed(code: number): void;
  resumed(complete: boolean): void;
}

export function openFigures(metrics: Metrics, sources: Sources): Figures {
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
  gauge('chatapi_ws_users', 'Users with a connection here', sources.users);
  gauge('chatapi_ws_rooms', 'Rooms with a member here', sources.rooms);
  let framesIn = 0;
  new Counter({
    name: 'chatapi_ws_frames_total',
    help: 'Frames by direction',
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
    help: 'Connections ended, by code',
    labelNames: ['code'],
    registers,
  });
  const resumed = new Counter({
    name: 'chatapi_ws_resume_total',
    help: 'Rooms resumed, by result',
    labelNames: ['result'],
    registers,
  });
  return {
    received: () => {
      framesIn++;
    },
    closed: (code) => closed.inc({ code: String(code) }),
    resumed: (complete) => resumed.inc({ result: complete ? 'complete' : 'incomplete' }),
  };
}
