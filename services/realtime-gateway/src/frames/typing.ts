import { roomTopic } from '@chatapi/bus';
import { notFound, roomId } from '@chatapi/kit';
import Joi from 'joi';
import { isWithinToken } from '../connections/token-rooms.ts';
import type { Node } from '../context.ts';
import type { ServerFrames } from '../wire/node-frames.ts';
import type { FrameType } from './frame-type.ts';

interface TypingFrame {
  type: 'typing';
  chat_id: string;
}

/** Minimum time between two typing notices of one user in one room. */
const MIN_INTERVAL_MS = 2000;

function isTooSoon({ typingSentAt }: Node, key: string, now: number): boolean {
  if (now - (typingSentAt.get(key) ?? 0) < MIN_INTERVAL_MS) return true;
  typingSentAt.set(key, now);
  return false;
}

export const typing: FrameType<TypingFrame> = {
  schema: Joi.object<TypingFrame>({ type: Joi.string().valid('typing').required(), chat_id: roomId().required() }),
  summary: 'Tell the other members of a room that the user is typing',
  scope: 'messages:write',
  handle(node, c, { chat_id }) {
    if (!c.user.rooms.has(chat_id) || !isWithinToken(c, chat_id)) throw notFound('Room');
    if (isTooSoon(node, `${c.user.id} ${chat_id}`, Date.now())) return;
    const timestamp = new Date().toISOString();
    const frame: ServerFrames['typing'] = { type: 'typing', chat_id, user_id: c.user.id, timestamp };
    const record = {
      kind: 'notice',
      topic: roomTopic(chat_id),
      room: chat_id,
      seq: 0,
      sender: c.user.id,
      origin: c.id,
      frame: JSON.stringify(frame),
    } as const;
    // Best effort, and to nobody while message is away: the user may be muted.
    void node.members
      .mayType({ user_id: c.user.id, room_id: chat_id })
      .then((allowed) => (allowed ? node.signals.publish([record]) : undefined))
      .catch(() => undefined);
  },
};
