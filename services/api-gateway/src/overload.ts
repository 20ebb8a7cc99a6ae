// Load shedding: above its limits the gateway refuses requests at once instead of serving all late.
import { AppError, type Log } from '@chatapi/kit';

export interface LoadMonitor {
  /** @throws AppError SERVICE_UNAVAILABLE above `maxInFlight`, or while the event loop lags. */
  check(): void;
  enter(): void;
  leave(): void;
  inFlight(): number;
  close(): void;
}

const POLL_MS = 50;
/** A line for each refused request would cost more than the refusal. */
const LOG_MS = 1000;

export function createLoadMonitor(maxInFlight: number, maxLagMs: number, log: Log): LoadMonitor {
  let inFlight = 0;
  let refused = 0;
  let logging: NodeJS.Timeout | undefined;
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

  function logRefused(): void {
    log.warn({ refused, in_flight: inFlight }, 'requests were refused: overloaded');
    refused = 0;
    logging = undefined;
  }

  return {
    check() {
      if (latePolls < 2 && inFlight <= maxInFlight) return;
      refused++;
      logging ??= setTimeout(logRefused, LOG_MS).unref();
      throw new AppError('SERVICE_UNAVAILABLE', 'Too many requests in progress: try again shortly', {
        isLogged: false,
      });
    },
    enter() {
      inFlight++;
      wasEntered = true;
      if (timer === undefined) startPolling();
    },
    leave: () => void inFlight--,
    inFlight: () => inFlight,
    close() {
      stopPolling();
      clearTimeout(logging);
    },
  };
}
