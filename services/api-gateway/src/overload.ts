// Load shedding: above its limits the gateway refuses requests at once instead of serving all late.
import { AppError } from '@chatapi/kit';

export interface LoadMonitor {
  /** @throws AppError SERVICE_UNAVAILABLE above `maxInFlight`, or while the event loop lags. */
  check(): void;
  enter(): void;
  leave(): void;
  inFlight(): number;
  close(): void;
}

const POLL_MS = 50;

export function createLoadMonitor(maxInFlight: number, maxLagMs: number): LoadMonitor {
  let inFlight = 0;
  // A single late poll may be a machine that paused for a moment: two in a row count as overload.
  let latePolls = 0;
  let polledAt = 0;
  let wasEntered = false;
  let timer: NodeJS.Timeout | undefined;

  const stopPolling = (): void => {
    clearInterval(timer);
    timer = undefined;
    latePolls = 0;
  };
  const poll = (): void => {
    const now = performance.now();
    latePolls = now - polledAt - POLL_MS > maxLagMs ? latePolls + 1 : 0;
    polledAt = now;
    // An idle process is not woken up for polls.
    if (!wasEntered && inFlight === 0) stopPolling();
    wasEntered = false;
  };
  const startPolling = (): void => {
    polledAt = performance.now();
    timer = setInterval(poll, POLL_MS).unref();
  };

  return {
    check() {
      if (latePolls >= 2 || inFlight > maxInFlight)
        throw new AppError('SERVICE_UNAVAILABLE', 'Too many requests in progress: try again shortly');
    },
    enter() {
      inFlight++;
      wasEntered = true;
      if (timer === undefined) startPolling();
    },
    leave: () => void inFlight--,
    inFlight: () => inFlight,
    close: stopPolling,
  };
}
