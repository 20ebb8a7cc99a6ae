import { publishRecords, roomTopic } from '@chatapi/bus';
import { notFound } from '@chatapi/kit';
import Joi from 'joi';
import type { FrameType } from './frame.ts';
import { roomId } from './shapes.ts';

interface TypingFrame {
  type: 'typing';
  chat_id: string;
}

/** One user and room is told on at most this often, whatever the client sends. */
const EVERY_MS = 2000;
const MOST_REMEMBERED = 20_000;

const told = new Map<string, number>();

function isTooSoon(key: string, now: number): boolean {
  if (now - (told.get(key) ?? 0) < EVERY_MS) return true;
  if (told.size >= MOST_REMEMBERED) told.clear();
  told.set(key, now);
  return false;
}

export const typing: FrameType<TypingFrame> = {
  schema: Joi.object<TypingFrame>({ type: Joi.string().valid('typing').required(), chat_id: roomId().required() }),
  summary: 'Tell the others of a room that I am typing',
  handle(node, c, { chat_id }) {
    if (!c.user.rooms.has(chat_id)) throw notFound('Room');
    if (isTooSoon(`${c.user.id} ${chat_id}`, Date.now())) return;
    const frame = JSON.stringify({ type: 'typing', chat_id, user_id: c.user.id, timestamp: new Date().toISOString() });
    const record = {
      kind: 'notice',
      topic: roomTopic(chat_id),
      room: chat_id,
      seq: 0,
      sender: c.user.id,
      origin: c.id,
      frame,
    } as const;
    publishRecords(node.redis, [record]).catch(() => undefined); // nobody misses it
  },
};
