// Typing by REST, for who has no socket, and who may be seen typing at all.
import { notFound } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import { archivedError } from '../access/archive.ts';
import { ensureGeneral } from '../access/general-room.ts';
import { mutedError } from '../access/mute-check.ts';
import { requirePermission } from '../access/room-permissions.ts';
import type { Context } from '../context.ts';
import { findTypists, type Typist } from './typist-store.ts';

/** @throws AppError RESOURCE_NOT_FOUND, AUTHORIZATION_ERROR or CONFLICT. */
function requireMayType({ id, kind, role, archived, muted_until }: Typist): void {
  if (kind === null) throw notFound('Room');
  requirePermission('type', { id, kind }, role ?? 'stranger');
  if (archived) throw archivedError();
  if (muted_until !== null) throw mutedError(muted_until);
}

/** For nodes: whether each user may be seen typing. */
export const mayType = async ({ pool }: Context, asked: { user_id: string; room_id: string }[]): Promise<boolean[]> =>
  (await findTypists(pool, asked)).map(
    ({ role, archived, muted_until }) => role !== null && !archived && muted_until === null,
  );

/** @throws AppError also without Redis: nobody would be told. */
export async function tellTyping(
  ctx: Context,
  { user_id }: Pick<Caller, 'user_id'>,
  chat_id: string,
  stop: boolean,
): Promise<void> {
  await ensureGeneral(ctx, [user_id]);
  const [typist] = (await findTypists(ctx.pool, [{ user_id, room_id: chat_id }])) as [Typist];
  requireMayType(typist);
  const record = await ctx.typing.note({ user_id, chat_id, stop, origin: '' });
  if (record !== undefined) await ctx.signals.publish([record]);
}
