// Owns: saying no early. A door that takes more than it can carry answers everybody late.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { AppError } from '@chatapi/kit';

export interface Load {
  /** @throws AppError SERVICE_UNAVAILABLE when too much is under way or the event loop is late. */
  check(): void;
  enter(): void;
  leave(): void;
  inFlight(): number;
  close(): void;
}

const LOOK_MS = 250;

export function openLoad(maxInFlight: number, maxLagMs: number): Load {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let inFlight = 0;
  let late = false;
  const look = setInterval(() => {
    late = delay.mean / 1e6 > maxLagMs;
    delay.reset();
  }, LOOK_MS).unref();
  return {
    check() {
      if (late || inFlight > maxInFlight)
        throw new AppError('SERVICE_UNAVAILABLE', 'Too much is under way: try again shortly');
    },
    enter: () => void inFlight++,
    leave: () => void inFlight--,
    inFlight: () => inFlight,
    close() {
      clearInterval(look);
      delay.disable();
    },
  };
}
