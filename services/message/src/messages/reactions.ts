import { AppError, invalidField, type PageInfo, type Paging, page } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import { requireNotArchived } from '../access/archive.ts';
import { requireRecipient } from '../access/erased-peer.ts';
import { requireNotMuted } from '../access/mute-check.ts';
import { requirePermission } from '../access/room-permissions.ts';
import type { Context } from '../context.ts';
import { emojiKey, emojiOf } from '../log/emoji.ts';
import { eventFrame } from '../log/frames.ts';
import type { MessageRow } from '../log/message.ts';
import { change } from '../log/room-change.ts';
import type { UserSummary } from '../log/user-summary.ts';
import { recordTrace } from '../log/user-traces-store.ts';
import { usersShown } from '../people/shown-users.ts';
import { lockedMessage } from './edit-delete.ts';
import {
  addReaction,
  countEmojis,
  countReactions,
  findReactors,
  type Reactor,
  removeReaction,
} from './reaction-store.ts';
import { readableMessage } from './require-readable.ts';

type Action = 'added' | 'removed';

/** Different emojis on one message. Messages of older versions may have more. */
const MAX_EMOJIS = 50;

/** @throws AppError VALIDATION_ERROR. */
function keyOf(emoji: string): string {
  const key = emojiKey(emoji);
  if (key === undefined) throw invalidField('emoji', 'emoji must be one emoji');
  return key;
}

const tooMany = (): AppError =>
  new AppError('CONFLICT', `A message can have ${MAX_EMOJIS} different emojis`, {
    details: { reason: 'too_many_reactions', max: MAX_EMOJIS },
  });

/**
 * The room must be locked, so that the limit is exact.
 * @returns the number of reactions with this emoji afterwards; undefined: nothing changed.
 */
async function apply(
  trx: Knex,
  message: MessageRow,
  userId: string,
  key: string,
  action: Action,
): Promise<number | undefined> {
  const write = action === 'added' ? addReaction : removeReaction;
  if (!(await write(trx, message, userId, key))) return undefined;
  const count = await countReactions(trx, message, key);
  const isNewEmoji = action === 'added' && count === 1;
  if (isNewEmoji && (await countEmojis(trx, message)) > MAX_EMOJIS) throw tooMany();
  return count;
}

/** A reaction that changes nothing appends no event. Non-members may react in public rooms. */
async function react(ctx: Context, caller: Caller, id: string, emoji: string, action: Action): Promise<void> {
  const key = keyOf(emoji);
  const { row, room: seen } = await readableMessage(ctx.reads, id, caller.user_id);
  requirePermission('post', seen, seen.role ?? 'stranger');
  await change(ctx, row.room_id, async (c) => {
    const { room, now } = await lockedMessage(c, row);
    if (now.is_deleted) throw new AppError('CONFLICT', 'The message was deleted');
    requireNotArchived(room, caller.role);
    await requireRecipient(c.trx, room);
    if (action === 'added') await requireNotMuted(c.trx, now.room_id, caller.user_id);
    const count = await apply(c.trx, now, caller.user_id, key, action);
    if (count === undefined) return;
    await recordTrace(c.trx, [caller.user_id], now.room_id);
    const fields = { message_id: id, user_id: caller.user_id, emoji: emojiOf(key), action, count };
    await c.append(now.room_id, [{ sender: caller.user_id, frame: eventFrame('reaction', now.room_id, fields) }]);
  });
}

export const addUserReaction = (ctx: Context, caller: Caller, id: string, emoji: string): Promise<void> =>
  react(ctx, caller, id, emoji, 'added');
export const removeUserReaction = (ctx: Context, caller: Caller, id: string, emoji: string): Promise<void> =>
  react(ctx, caller, id, emoji, 'removed');

/** The user id of the last reactor of a page. */
export type ReactorKey = readonly [string];

/** `users` is the list itself, so each item bears its user. null: deleted. */
export type ShownReactor = Reactor & { user: UserSummary | null };

export interface ReactorPage extends PageInfo {
  users: ShownReactor[];
}

export async function listReactors(
  ctx: Context,
  caller: Caller,
  id: string,
  emoji: string,
  { cursor: [after] = [''], limit, skip }: Paging<ReactorKey>,
): Promise<ReactorPage> {
  const key = keyOf(emoji);
  const { row } = await readableMessage(ctx.reads, id, caller.user_id);
  const found = await findReactors(ctx.reads, row, key, { after, limit: limit + 1, skip });
  const { users, ...info } = page('users', found, limit, ({ user_id }) => [user_id]);
  const people = await usersShown(
    ctx,
    users.map(({ user_id }) => user_id),
  );
  return { users: users.map((one) => ({ ...one, user: people[one.user_id] ?? null })), ...info };
}
