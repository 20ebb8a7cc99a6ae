import Joi from 'joi';
import { jsonFrame } from '../wire/ws-frame.ts';
import type { FrameType } from './frame-type.ts';

const PONG = jsonFrame({ type: 'pong' });

export const ping: FrameType<{ type: 'ping' }> = {
  schema: Joi.object<{ type: 'ping' }>({ type: Joi.string().valid('ping').required() }),
  summary: 'Ask for a pong',
  handle(node, c) {
    node.writer.write(c, PONG);
  },
};
