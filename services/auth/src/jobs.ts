// Owns: what happens by itself: bans end on time, and what can matter no more is removed. Every instance does it; twice is harmless.
import { every, type Recurring } from '@chatapi/kit';
import { liftEndedBans } from './bans.ts';
import type { Context } from './context.ts';
import { WINDOW_S } from './login-limit.ts';
import { forgetFailures } from './login-limit-store.ts';
import { forgetRevocations } from './revocation-store.ts';
import { forgetSessions } from './session-store.ts';

type Ctx = Omit<Context, 'sweeps'>;

const BANS_MS = 1000;
const FORGET_MS = 60_000;
/** Longer than any clock differs and any door is behind. */
const REVOCATION_MARGIN_MINUTES = 10;

export async function forget(ctx: Ctx): Promise<void> {
  await forgetFailures(ctx.db, WINDOW_S);
  await forgetRevocations(ctx.db, ctx.config.JWT_EXPIRE_MINUTES + REVOCATION_MARGIN_MINUTES);
  await forgetSessions(ctx.db, ctx.config.REFRESH_EXPIRE_DAYS);
}

export function startSweeps(ctx: Ctx): Recurring {
  const failed = (err: Error): void => ctx.log.warn({ err: err.message }, 'a sweep failed');
  const sweeps = [every(BANS_MS, () => liftEndedBans(ctx), failed), every(FORGET_MS, () => forget(ctx), failed)];
  return { close: async () => void (await Promise.all(sweeps.map((sweep) => sweep.close()))) };
}
