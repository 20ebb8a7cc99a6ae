import { notFound, roomId } from '@chatapi/kit';
import Joi from 'joi';
import { isWithinToken } from '../connections/token-rooms.ts';
import { seq } from './fields.ts';
import type { FrameType } from './frame-type.ts';

interface ReadFrame {
  type: 'read';
  chat_id: string;
  seq: number;
}

export const read: FrameType<ReadFrame> = {
  schema: Joi.object<ReadFrame>({
    type: Joi.string().valid('read').required(),
    chat_id: roomId().required(),
    seq: seq().required(),
  }),
  summary: 'Mark a room as read up to a seq; lower seqs are ignored',
  handle(node, c, frame) {
    if (!c.user.rooms.has(frame.chat_id) || !isWithinToken(c, frame.chat_id)) throw notFound('Room');
    node.positions.read(frame.chat_id, c.user.id, frame.seq, c.id);
  },
};
