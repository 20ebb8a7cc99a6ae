import type { Context } from '../context.ts';
import { enterGeneral } from './general-room-store.ts';

/**
 * Inserts missing memberships of `general`: the fact `account.created` may not have arrived yet.
 */
export async function ensureGeneral(ctx: Context, userIds: string[]): Promise<void> {
  const unseen = userIds.filter((id) => ctx.inGeneral.get(id) === undefined);
  if (unseen.length === 0) return;
  await enterGeneral(ctx.db, unseen);
  for (const id of unseen) ctx.inGeneral.set(id, true);
}
