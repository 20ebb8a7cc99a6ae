import { notFound, roomId } from '@chatapi/kit';
import Joi from 'joi';
import { isWithinToken } from '../connections/token-rooms.ts';
import type { Node } from '../context.ts';
import type { Connection } from '../state.ts';
import type { FrameType } from './frame-type.ts';

interface TypingFrame {
  type: 'typing';
  chat_id: string;
  stop?: boolean;
}

async function tell(node: Node, c: Connection, chat_id: string, stop: boolean): Promise<void> {
  const record = await node.typing.note({ user_id: c.user.id, chat_id, stop, origin: c.id });
  if (record === undefined) return;
  if (await node.members.mayType({ user_id: c.user.id, room_id: chat_id })) await node.signals.publish([record]);
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
    // Best effort, and to nobody while message is away: the user may be muted.
    void tell(node, c, chat_id, stop).catch(() => undefined);
  },
};
