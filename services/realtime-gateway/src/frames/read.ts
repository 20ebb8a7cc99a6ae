import { notFound } from '@chatapi/kit';
import Joi from 'joi';
import type { FrameType } from './frame.ts';
import { roomId, seq } from './shapes.ts';

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
  summary: 'I have read up to here; never goes back',
  handle(node, c, frame) {
    if (!c.user.rooms.has(frame.chat_id)) throw notFound('Room');
    node.positions.read(frame.chat_id, c.user.id, frame.seq);
  },
};
