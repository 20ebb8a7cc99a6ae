// Owns: what admins tell everybody. Kept for who is away, sent to every connection of every node; what a crash or an absent Redis
// left unsent is sent later, so a connection may get one twice: its id is the same.
import { publishToEveryone } from '@chatapi/bus';
import { type Call, every, newId, type Paging, page, type Recurring } from '@chatapi/kit';
import {
  type Announcement,
  insertAnnouncement,
  isAnyUnpublished,
  listAnnouncements,
  lockUnpublished,
  markPublished,
} from './announcement-store.ts';
import { recordIn } from './audit.ts';
import type { Context } from './context.ts';

type Deps = Pick<Context, 'db' | 'redis' | 'log'>;

const SWEEP_MS = 2000;

const frameOf = ({ id, text, created_at }: Announcement): string =>
  JSON.stringify({ type: 'announcement', id, text, created_at });

async function publishAll({ db, redis }: Deps): Promise<void> {
  if (!(await isAnyUnpublished(db))) return;
  await db.transaction(async (trx) => {
    const waiting = await lockUnpublished(trx);
    if (waiting.length === 0) return;
    for (const announcement of waiting) await publishToEveryone(redis, frameOf(announcement));
    await markPublished(
      trx,
      waiting.map(({ id }) => id),
    );
  });
}

const sentLater =
  ({ log }: Deps) =>
  (err: Error): void =>
    log.debug({ err: err.message }, 'announcements are sent later');

/** On record in the same transaction. */
export async function announce(ctx: Context, call: Call<any, any, { text: string }>): Promise<Announcement> {
  const id = newId('ann');
  const { text } = call.body;
  const announcement = await ctx.db.transaction(async (trx) => {
    await recordIn(trx, call, { action: 'announcement.post', target_id: id, details: { text } });
    return await insertAnnouncement(trx, { id, text, created_by: call.caller.user_id });
  });
  void publishAll(ctx).catch(sentLater(ctx));
  return announcement;
}

export async function showAnnouncements(
  { db }: Context,
  { query: { limit, skip } }: Call<any, Paging>,
): Promise<{ announcements: Announcement[]; has_more: boolean }> {
  return page('announcements', await listAnnouncements(db, limit + 1, skip), limit);
}

export const startAnnouncing = (deps: Deps): Recurring => every(SWEEP_MS, () => publishAll(deps), sentLater(deps));
