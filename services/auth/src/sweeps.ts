// Periodic work: lifts expired bans, tells changes of profiles, deletes rows that are no longer
// needed, and follows a change of SEALING_KEY. Every instance runs it; it is idempotent.
import { every, type RecurringTask } from '@chatapi/kit';
import { tellDueChanges } from './app-users/profile-changes.ts';
import { liftExpiredBans } from './bans.ts';
import { deleteUnblockedNames } from './blocked-name-store.ts';
import { MAX_TOKEN_MINUTES } from './config.ts';
import type { Context } from './context.ts';
import { resealSecrets } from './issuers/issuers.ts';
import { deleteOldDevices } from './known-device-store.ts';
import { WINDOW_S } from './login-limit.ts';
import { deleteOldFailures } from './login-limit-store.ts';
import { deleteOldLinks } from './mail/link-store.ts';
import { deleteOldRequests } from './recovery/request-limit-store.ts';
import { sweepInvites } from './registration/invites.ts';
import { deleteOldRevocations } from './revocation-store.ts';
import { deleteOldSessions } from './session-store.ts';

type Ctx = Omit<Context, 'sweeps' | 'mailJob'>;

const BANS_MS = 1000;
const CHANGES_MS = 1000;
const CLEANUP_MS = 60_000;
/**
 * A revocation is needed as long as an older token may be valid: for the longest lifetime that
 * JWT_EXPIRE_MINUTES allows, whatever it is now, and more than clocks differ and gateways lag.
 */
const REVOCATION_MINUTES = MAX_TOKEN_MINUTES + 10;

export async function deleteExpired(ctx: Ctx): Promise<void> {
  await deleteOldFailures(ctx.db, WINDOW_S);
  await deleteOldDevices(ctx.db);
  await deleteOldRevocations(ctx.db, REVOCATION_MINUTES);
  await deleteUnblockedNames(ctx.db);
  await sweepInvites(ctx);
  await deleteOldLinks(ctx.db);
  await deleteOldRequests(ctx.db);
  await deleteOldSessions(ctx.db, ctx.config.REFRESH_EXPIRE_DAYS, ctx.config.SESSION_MAX_DAYS);
}

export function startSweeps(ctx: Ctx): RecurringTask {
  const failed = (err: Error): void => ctx.log.warn({ err: err.message }, 'a sweep failed');
  const sweeps = [
    every(BANS_MS, () => liftExpiredBans(ctx), failed),
    every(CHANGES_MS, () => tellDueChanges(ctx), failed),
    every(CLEANUP_MS, () => deleteExpired(ctx), failed),
    every(CLEANUP_MS, () => resealSecrets(ctx), failed),
  ];
  return { close: async () => void (await Promise.all(sweeps.map((sweep) => sweep.close()))) };
}
