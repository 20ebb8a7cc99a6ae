import type { Context } from './context.ts';
import { enterGeneral } from './general-store.ts';

const MAX_REMEMBERED = 100_000;

/** Makes sure that these people have their row in `general` although the fact of their registration may still be on its way. */
export async function ensureGeneral(ctx: Context, userIds: string[]): Promise<void> {
  const unseen = userIds.filter((id) => !ctx.inGeneral.has(id));
  if (unseen.length === 0) return;
  await enterGeneral(ctx.db, unseen);
  if (ctx.inGeneral.size > MAX_REMEMBERED) ctx.inGeneral.clear();
  for (const id of unseen) ctx.inGeneral.add(id);
}
