// Completes the mentions of messages that name somebody whose account was not known yet: the fact
// of a new account may arrive after messages that welcome the person. A person is due when they
// become known, and twice again in a minute, since sends in flight may not have seen them. Each
// message is completed in one transaction with its event, so a crash neither loses nor repeats one.
import { every, type RecurringTask } from '@chatapi/kit';
import { lockRoom } from '../access/room-store.ts';
import type { Context } from '../context.ts';
import { eventFrame } from '../log/frames.ts';
import { type Change, change } from '../log/room-change.ts';
import { mentionedNames, mentionsOf } from './mentions.ts';
import {
  claimNewcomers,
  isNamingDue,
  lockNaming,
  messagesNaming,
  type NamingMessage,
  type Newcomer,
  namesOf,
  postponeNewcomers,
  saveMentions,
  saveUnknownNames,
} from './naming-store.ts';

const POLL_MS = 500;
/** Most sends in flight have ended. */
const SOON_S = 5;
/** All have. */
const WATCH_S = 60;
const PEOPLE_AT_ONCE = 500;
const MESSAGES_AT_ONCE = 100;

/** Nobody else is added: they may have taken their names after the message was written. */
async function mentionsWith(c: Change, row: NamingMessage, arrived: Newcomer[]) {
  const before = await namesOf(c.trx, row.mentions);
  const known = new Map([...before, ...arrived.map(({ name, user_id }): [string, string] => [name, user_id])]);
  const { mentions, unknown_names } = mentionsOf(mentionedNames(row.content), known);
  const named = new Set(before.values());
  const left = (unknown_names ?? []).filter((name) => row.unknown_names?.includes(name));
  return {
    // Erased users have no name any more, and stay.
    mentions: [...mentions, ...row.mentions.filter((id) => !named.has(id))],
    unknown_names: left.length === 0 ? null : left,
  };
}

async function complete(c: Change, row: NamingMessage, people: Newcomer[], isRoomGone: boolean): Promise<void> {
  const arrived = people.filter(({ name, since }) => row.unknown_names?.includes(name) && since <= row.updated_at);
  if (arrived.length === 0) return;
  const { mentions, unknown_names } = await mentionsWith(c, row, arrived);
  await saveUnknownNames(c.trx, row, unknown_names);
  if (isRoomGone || mentions.join() === row.mentions.join()) return;
  const updated_at = (await saveMentions(c.trx, row, mentions)).toISOString();
  const { id: message_id, content, attachments, is_edited } = row;
  const custom = row.custom ?? undefined;
  const fields = { message_id, content, attachments, mentions, is_edited, updated_at, custom };
  await c.append(row.room_id, [
    { sender: row.sender_id, message_id, frame: eventFrame('message_updated', row.room_id, fields) },
  ]);
}

/** @returns false when nobody was due. */
const completeNext = (ctx: Context): Promise<boolean> =>
  ctx.db.transaction(async (trx) => {
    const people = await claimNewcomers(trx, PEOPLE_AT_ONCE);
    if (people.length === 0) return false;
    for (
      let found = await messagesNaming(trx, people, MESSAGES_AT_ONCE);
      found.length > 0;
      found = await messagesNaming(trx, people, MESSAGES_AT_ONCE)
    )
      for (const { room_id, seq } of found)
        await change(ctx, room_id, async (c) => {
          const room = await lockRoom(c.trx, room_id);
          await complete(c, await lockNaming(c.trx, room_id, seq), people, room?.deleted_at !== null);
        });
    const ids = people.map(({ user_id }) => user_id);
    await postponeNewcomers(trx, ids, SOON_S, WATCH_S);
    return true;
  });

export const startNaming = (ctx: Context): RecurringTask =>
  every(
    POLL_MS,
    async (closing) => {
      if (!(await isNamingDue(ctx.reads))) return;
      while (!closing.aborted && (await completeNext(ctx)));
    },
    (err) => ctx.log.warn({ err: err.message }, 'completing mentions failed; will retry'),
  );
