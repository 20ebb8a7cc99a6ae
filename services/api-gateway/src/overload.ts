// Owns: saying no early. A door that takes more than it can carry answers everybody late.
import { AppError } from '@chatapi/kit';

export interface Load {
  /** @throws AppError SERVICE_UNAVAILABLE when too much is under way or the event loop is late. */
  check(): void;
  enter(): void;
  leave(): void;
  inFlight(): number;
  close(): void;
}

const LOOK_MS = 50;

export function openLoad(maxInFlight: number, maxLagMs: number): Load {
  let inFlight = 0;
  // One late look may be a machine that stood still for a moment: whoever comes after that is served at once.
  let lateLooks = 0;
  let looked = 0;
  let entered = false;
  let looks: NodeJS.Timeout | undefined;

  const rest = (): void => {
    clearInterval(looks);
    looks = undefined;
    lateLooks = 0;
  };
  const look = (): void => {
    const now = performance.now();
    lateLooks = now - looked - LOOK_MS > maxLagMs ? lateLooks + 1 : 0;
    looked = now;
    // A door that nobody comes through is not woken to see how late it is.
    if (!entered && inFlight === 0) rest();
    entered = false;
  };
  const watch = (): void => {
    looked = performance.now();
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
