// Announcements to everybody: stored, and sent to every connection. After a crash or an outage of
// Redis the sweep sends them again, so a connection may get a duplicate with the same id.
import {
  every,
  type IdPaging,
  newId,
  type PageInfo,
  page,
  type RecurringTask,
  type RequestContext,
} from '@chatapi/kit';
import {
  type Announcement,
  insertAnnouncement,
  isAnyUnpublished,
  listAnnouncements,
  lockUnpublished,
  markPublished,
} from './announcement-store.ts';
import { recordAudit } from './audit.ts';
import type { Context } from './context.ts';

type Deps = Pick<Context, 'db' | 'signals' | 'log'>;

const SWEEP_MS = 2000;

const frameOf = ({ id, text, created_at }: Announcement): string =>
  JSON.stringify({ type: 'announcement', id, text, created_at });

async function publishAll({ db, signals }: Deps): Promise<void> {
  if (!(await isAnyUnpublished(db))) return;
  await db.transaction(async (trx) => {
    const waiting = await lockUnpublished(trx);
    if (waiting.length === 0) return;
    for (const announcement of waiting) await signals.toEveryone(frameOf(announcement));
    await markPublished(
      trx,
      waiting.map(({ id }) => id),
    );
  });
}

const logDelay =
  ({ log }: Deps) =>
  (err: Error): void =>
    log.debug({ err: err.message }, 'announcements not sent; retried later');

/** Audited in the same transaction. */
export async function createAnnouncement(
  ctx: Context,
  call: RequestContext<any, any, { text: string }>,
): Promise<Announcement> {
  const id = newId('ann');
  const { text } = call.body;
  const announcement = await ctx.db.transaction(async (trx) => {
    await recordAudit(ctx, trx, call, { action: 'announcement.post', target_id: id, details: { text } });
    return await insertAnnouncement(trx, { id, text, created_by: call.caller.user_id });
  });
  void publishAll(ctx).catch(logDelay(ctx));
  return announcement;
}

export async function showAnnouncements(
  { db }: Context,
  { query }: RequestContext<any, IdPaging>,
): Promise<{ announcements: Announcement[] } & PageInfo> {
  const rows = await listAnnouncements(db, { ...query, limit: query.limit + 1 });
  return page('announcements', rows, query.limit, ({ id }) => [id]);
}

export const startAnnouncementSweep = (deps: Deps): RecurringTask =>
  every(SWEEP_MS, () => publishAll(deps), logDelay(deps));
