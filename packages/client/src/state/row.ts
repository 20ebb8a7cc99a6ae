// One message as it is after some of the room's events. Pure.
import type { MessageCreated, MessageDeleted, MessageUpdated, ReactionChanged, RealtimeEvents } from '../events.ts';
import type { Message, Reaction } from '../models.ts';

/** The events that have a place in a room's log. */
export type LoggedEvent = RealtimeEvents[
  | 'message'
  | 'message_updated'
  | 'message_deleted'
  | 'reaction'
  | 'member_joined'
  | 'member_left'
  | 'room_updated'];

export interface Row {
  readonly message: Message;
  /** Events up to this seq are in `message`: those of its page, and those that changed it since. */
  readonly asOf: number;
}

const MAX_SHOWN = 20;

export const rowsOf = (messages: readonly Message[], asOf: number): Row[] =>
  messages.map((message) => ({ message, asOf }));

/** A new message. Its event has fields of its own, and no `me`, which only its reactions have. */
export function rowOf({ type: _, parent_thread_count: __, ...message }: MessageCreated): Row {
  return { message, asOf: message.seq };
}

/** @returns the same row if the event does not concern it, or is in it. */
export function applied(row: Row, event: LoggedEvent, me: string | undefined): Row {
  if (event.seq <= row.asOf) return row;
  const message = changed(row.message, event, me);
  return message === row.message ? row : { message, asOf: event.seq };
}

/** @returns the same list if nothing changed. */
export function appliedToAll(rows: readonly Row[], event: LoggedEvent, me: string | undefined): readonly Row[] {
  const next = rows.map((row) => applied(row, event, me));
  return next.some((row, i) => row !== rows[i]) ? next : rows;
}

function changed(message: Message, event: LoggedEvent, me: string | undefined): Message {
  switch (event.type) {
    case 'message':
      return event.reply_to === message.id ? answered(message, event.parent_thread_count, 1) : message;
    case 'message_updated':
      return event.message_id === message.id ? updated(message, event) : message;
    case 'message_deleted':
      return deleted(message, event);
    case 'reaction':
      return event.message_id === message.id ? reacted(message, event, me) : message;
    default:
      return message;
  }
}

/** `count`: of its replies after the event, which servers tell. */
const answered = (message: Message, count: number | undefined, change: 1 | -1): Message => ({
  ...message,
  thread_count: count ?? Math.max(0, message.thread_count + change),
});

function updated(
  message: Message,
  { content, attachments, is_edited, updated_at, mentions, custom, is_deleted }: MessageUpdated,
): Message {
  const edited = message.is_edited || is_edited;
  // The replay of an edit whose text is gone: the event of the deletion follows.
  if (is_deleted === true) return { ...message, is_edited: edited, updated_at };
  const named = mentions ?? message.mentions;
  return { ...message, content, attachments, is_edited: edited, updated_at, mentions: named, custom };
}

/** What an edit changes. */
export type MessageText = Pick<Message, 'content' | 'custom'>;

/** What is left of a deleted message: its place and its thread. */
export const tombstone = (message: Message): Message => ({
  ...message,
  content: '',
  custom: undefined,
  attachments: [],
  mentions: [],
  reactions: [],
  is_deleted: true,
});

function deleted(message: Message, event: MessageDeleted): Message {
  if (event.message_id === message.id) return tombstone(message);
  return event.reply_to === message.id ? answered(message, event.parent_thread_count, -1) : message;
}

type ReactionInput = Pick<ReactionChanged, 'user_id' | 'emoji' | 'action' | 'count'>;

/** Also for a reaction of the app's own that the server has not confirmed. */
export function reacted(message: Message, input: ReactionInput, me: string | undefined): Message {
  const { reactions } = message;
  // All of an erased user.
  if (input.emoji === '') {
    const left = reactions.flatMap((one) => without(one, { ...input, count: undefined }, me));
    return left.every((one, i) => one === reactions[i]) && left.length === reactions.length
      ? message
      : { ...message, reactions: left };
  }
  const at = reactions.findIndex(({ emoji }) => emoji === input.emoji);
  const old = reactions[at] ?? { emoji: input.emoji, count: 0, user_ids: [], me: false };
  const place = at < 0 ? reactions.length : at;
  const next = input.action === 'added' ? [withOne(old, input, me)] : at < 0 ? [] : without(old, input, me);
  return { ...message, reactions: [...reactions.slice(0, place), ...next, ...reactions.slice(place + 1)] };
}

function withOne(one: Reaction, { user_id, count }: ReactionInput, me: string | undefined): Reaction {
  const known = one.user_ids.includes(user_id);
  const user_ids = known || one.user_ids.length >= MAX_SHOWN ? one.user_ids : [...one.user_ids, user_id];
  return { ...one, user_ids, count: count ?? one.count + (known ? 0 : 1), me: one.me || user_id === me };
}

function without(one: Reaction, { user_id, emoji, count }: ReactionInput, me: string | undefined): Reaction[] {
  const known = one.user_ids.includes(user_id);
  if (emoji === '' && !known) return [one];
  const left = count ?? one.count - 1;
  const user_ids = known ? one.user_ids.filter((id) => id !== user_id) : one.user_ids;
  return left > 0 ? [{ ...one, user_ids, count: left, me: one.me && user_id !== me }] : [];
}
