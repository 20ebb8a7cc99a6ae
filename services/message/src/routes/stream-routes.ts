import { idOf, type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { type PositionsAsked, saveStreamBase, streamPositions } from '../streams/stream-bases.ts';

const MAX_ROOMS = 100_000;
const seq = () => Joi.number().integer().min(0);

export const streamRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/internal/stream-bases',
    summary: 'Save the positions on which cursors of event streams stand',
    who: ['realtime-gateway'],
    body: Joi.object<{ user_id: string; positions: Record<string, number> }>({
      user_id: idOf('usr').required(),
      positions: Joi.object().pattern(Joi.string(), seq()).max(MAX_ROOMS).required(),
    }),
    rule: (ctx: Context, { body }) => saveStreamBase(ctx, body),
  }),
  route({
    method: 'post',
    path: '/internal/stream-positions',
    summary: 'Get the positions of rooms in a saved base, or before the user joined',
    who: ['realtime-gateway'],
    body: Joi.object<PositionsAsked>({
      user_id: idOf('usr').required(),
      base: Joi.string().hex().length(32),
      rooms: Joi.array().items(Joi.string()).max(MAX_ROOMS).required(),
    }),
    rule: (ctx: Context, { body }) => streamPositions(ctx, body),
  }),
];
