// Owns: what happens by itself: bans end on time, and what can matter no more is removed. Every instance does it; twice is harmless.
import { liftEndedBans } from './bans.ts';
import type { Context } from './context.ts';
import { WINDOW_S } from './login-limit.ts';
import { forgetFailures } from './login-limit-store.ts';
import { forgetRevocations } from './revocation-store.ts';
import { forgetSessions } from './session-store.ts';

type Ctx = Omit<Context, 'sweeps'>;

export interface Sweeps {
  close(): Promise<void>;
}

const BANS_MS = 1000;
const FORGET_MS = 60_000;
/** Longer than any clock differs and any door is behind. */
const REVOCATION_MARGIN_MINUTES = 10;

export async function forget(ctx: Ctx): Promise<void> {
  await forgetFailures(ctx.db, WINDOW_S);
  await forgetRevocations(ctx.db, ctx.config.JWT_EXPIRE_MINUTES + REVOCATION_MARGIN_MINUTES);
  await forgetSessions(ctx.db, ctx.config.REFRESH_EXPIRE_DAYS);
}

/** Runs `work` every `ms`, never twice at once; a failure waits for the next turn. */
function every(ctx: Ctx, ms: number, work: (ctx: Ctx) => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= work(ctx)
      .catch((err: Error) => ctx.log.warn({ err: err.message }, 'a sweep failed'))
      .finally(() => {
        running = undefined;
      });
  }, ms);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

export function startSweeps(ctx: Ctx): Sweeps {
  const stops = [every(ctx, BANS_MS, liftEndedBans), every(ctx, FORGET_MS, forget)];
  return { close: async () => void (await Promise.all(stops.map((stop) => stop()))) };
}
