import { roomTopic } from '@chatapi/bus';
import { notFound, roomId } from '@chatapi/kit';
import Joi from 'joi';
import { isWithinToken } from '../connections/token-rooms.ts';
import type { Node } from '../context.ts';
import type { Connection } from '../state.ts';
import type { ServerFrames } from '../wire/node-frames.ts';
import type { FrameType } from './frame-type.ts';

interface TypingFrame {
  type: 'typing';
  chat_id: string;
  stop?: boolean;
}

/** Minimum time between two typing notices of one user in one room. */
const MIN_INTERVAL_MS = 2000;
/** The same after a stop: who begins again is shown soon, and nobody flickers. */
const MIN_AFTER_STOP_MS = 500;
/** Without another notice the user has stopped. More than twice the interval: one may be lost. */
const EXPIRES_IN_MS = 6000;

/** Notes the notice. @returns false when it adds nothing, or too soon. */
function takes({ typingSentAt }: Node, key: string, stop: boolean, now: number): boolean {
  const last = typingSentAt.get(key);
  const isShown = last !== undefined && !last.stopped && now - last.at < EXPIRES_IN_MS;
  if (stop) {
    if (isShown) typingSentAt.set(key, { at: last.at, stopped: true });
    return isShown;
  }
  const interval = last?.stopped ? MIN_AFTER_STOP_MS : MIN_INTERVAL_MS;
  if (last !== undefined && now - last.at < interval) return false;
  typingSentAt.set(key, { at: now, stopped: false });
  return true;
}

function recordOf(c: Connection, chat_id: string, stop: boolean) {
  const frame: ServerFrames['typing'] = {
    type: 'typing',
    chat_id,
    user_id: c.user.id,
    expires_in_ms: stop ? 0 : EXPIRES_IN_MS,
    timestamp: new Date().toISOString(),
  };
  return {
    kind: 'notice',
    topic: roomTopic(chat_id),
    room: chat_id,
    seq: 0,
    sender: c.user.id,
    origin: c.id,
    frame: JSON.stringify(frame),
  } as const;
}

export const typing: FrameType<TypingFrame> = {
  schema: Joi.object<TypingFrame>({
    type: Joi.string().valid('typing').required(),
    chat_id: roomId().required(),
    stop: Joi.boolean().description('true: the user has stopped typing'),
  }),
  summary: 'Tell the other members of a room that the user is typing, or has stopped',
  scope: 'messages:write',
  handle(node, c, { chat_id, stop = false }) {
    if (!c.user.rooms.has(chat_id) || !isWithinToken(c, chat_id)) throw notFound('Room');
    if (!takes(node, `${c.user.id} ${chat_id}`, stop, Date.now())) return;
    const record = recordOf(c, chat_id, stop);
    // Best effort, and to nobody while message is away: the user may be muted.
    void node.members
      .mayType({ user_id: c.user.id, room_id: chat_id })
      .then((allowed) => (allowed ? node.signals.publish([record]) : undefined))
      .catch(() => undefined);
  },
};
