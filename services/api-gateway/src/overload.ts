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
/** Node measures from one look to the next, so that this much is no lag. Shorter ones wake an idle door for nothing. */
const RESOLUTION_MS = 50;

export function openLoad(maxInFlight: number, maxLagMs: number): Load {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let inFlight = 0;
  // One late look may be a machine that stood still for a moment: whoever comes after that is served at once.
  let lateLooks = 0;
  let looks: NodeJS.Timeout | undefined;
  let entered = false;
  const rest = (): void => {
    clearInterval(looks);
    looks = undefined;
    lateLooks = 0;
    delay.disable();
  };
  const look = (): void => {
    lateLooks = delay.mean / 1e6 - RESOLUTION_MS > maxLagMs ? lateLooks + 1 : 0;
    delay.reset();
    if (!entered && inFlight === 0) rest();
    entered = false;
  };
  /** A door that nobody comes through is not woken to see how late it is. */
  const watch = (): void => {
    delay.reset();
    delay.enable();
    looks = setInterval(look, LOOK_MS).unref();
  };
  return {
    check() {
      if (lateLooks >= 2 || inFlight > maxInFlight)
        throw new AppError('SERVICE_UNAVAILABLE', 'Too much is under way: try again shortly');
    },
    enter() {
      inFlight++;
      entered = true;
      if (looks === undefined) watch();
    },
    leave: () => void inFlight--,
    inFlight: () => inFlight,
    close: rest,
  };
}
