// Limits frames of any type, and their bytes, per user and clock minute over all nodes. A frame
// costs no round trip: nodes count locally and report to Redis in tenths of the limit, so that with
// N nodes a user gets at most N tenths more.
import type { RateLimiter } from '@chatapi/kit/auth';

const MINUTE_MS = 60_000;
const MINUTE_S = 60;
const MAX_BYTES = 8 * 1024 * 1024;
const REPORTS_PER_BUDGET = 10;

interface Meter {
  /** All nodes together as far as this node knows, with its own unreported frames. */
  frames: number;
  bytes: number;
  unreportedFrames: number;
  unreportedBytes: number;
  /** All nodes together have used it up. */
  isUsedUp: boolean;
}

export interface FrameBudget {
  /**
   * Counts a frame, or what costs as much as several. @returns 0 if it is within the budget, else
   * milliseconds until the next one.
   */
  take(userId: string, bytes: number, now: number, frames?: number): number;
}

export function createFrameBudget(limiter: Pick<RateLimiter, 'take'>, limit: number): FrameBudget {
  let minute = 0;
  let meters = new Map<string, Meter>();

  function meterOf(userId: string): Meter {
    let meter = meters.get(userId);
    if (meter === undefined) {
      meter = { frames: 0, bytes: 0, unreportedFrames: 0, unreportedBytes: 0, isUsedUp: false };
      meters.set(userId, meter);
    }
    return meter;
  }

  async function report(userId: string, meter: Meter): Promise<void> {
    const { unreportedFrames, unreportedBytes } = meter;
    meter.unreportedFrames = meter.unreportedBytes = 0;
    const key = `frames:${userId}:${minute}`;
    const [frames, bytes] = await Promise.all([
      limiter.take(key, limit, MINUTE_S, unreportedFrames),
      limiter.take(`${key}:bytes`, MAX_BYTES, MINUTE_S, unreportedBytes),
    ]);
    meter.isUsedUp ||= !frames.allowed || !bytes.allowed;
    meter.frames = Math.max(meter.frames, limit - frames.remaining + meter.unreportedFrames);
    meter.bytes = Math.max(meter.bytes, MAX_BYTES - bytes.remaining + meter.unreportedBytes);
  }

  return {
    take(userId, bytes, now, frames = 1) {
      if (limit === 0) return 0;
      const current = Math.floor(now / MINUTE_MS);
      if (current !== minute) {
        minute = current;
        meters = new Map();
      }
      const meter = meterOf(userId);
      meter.frames += frames;
      meter.bytes += bytes;
      if (meter.isUsedUp || meter.frames > limit || meter.bytes > MAX_BYTES) return (current + 1) * MINUTE_MS - now;
      meter.unreportedFrames += frames;
      meter.unreportedBytes += bytes;
      if (
        meter.unreportedFrames * REPORTS_PER_BUDGET >= limit ||
        meter.unreportedBytes * REPORTS_PER_BUDGET >= MAX_BYTES
      )
        void report(userId, meter);
      return 0;
    },
  };
}
