import { type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { headsNotTold, logsAfter, type MovesAsked, movesSince, renewLease, seqsAt } from '../followers/followers.ts';

const whole = () => Joi.number().integer().min(0).required();
const ms = () => Joi.number().min(0).required();
const roomIds = () => Joi.array().items(Joi.string()).max(1000).required();

export const followerRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/internal/followers',
    summary: 'Renew or end the lease under which a follower of the log is told of moves',
    who: ['integration'],
    body: Joi.object<{ follows: boolean }>({ follows: Joi.boolean().required() }),
    rule: (ctx: Context, { body }) => renewLease(ctx, body.follows),
  }),
  route({
    method: 'post',
    path: '/internal/moves-not-told',
    summary: 'Get the heads of rooms that a follower was not told by a fact yet',
    who: ['integration'],
    body: Joi.object<{ since: number }>({ since: ms() }),
    rule: (ctx: Context, { body }) => headsNotTold(ctx, body.since),
  }),
  route({
    method: 'post',
    path: '/internal/moves',
    summary: 'Get the heads of rooms that moved since a time, page by page over all rooms',
    who: ['integration'],
    body: Joi.object<MovesAsked>({
      since: ms(),
      after: Joi.string().allow('').required(),
      limit: Joi.number().integer().min(1).max(1000).required(),
    }),
    rule: (ctx: Context, { body }) => movesSince(ctx, body),
  }),
  route({
    method: 'post',
    path: '/internal/seqs-at',
    summary: 'Get the seqs that rooms had at a time',
    who: ['integration'],
    body: Joi.object<{ rooms: string[]; at: number }>({ rooms: roomIds(), at: ms() }),
    rule: (ctx: Context, { body }) => seqsAt(ctx, body.rooms, body.at),
  }),
  route({
    method: 'post',
    path: '/internal/logs',
    summary: 'List events of rooms after a seq each, with their times',
    who: ['integration'],
    body: Joi.object<{ rooms: { id: string; after: number }[]; limit: number }>({
      rooms: Joi.array()
        .items(Joi.object({ id: Joi.string().required(), after: whole() }))
        .max(1000)
        .required(),
      limit: Joi.number().integer().min(1).max(500).required(),
    }),
    rule: (ctx: Context, { body }) => logsAfter(ctx, body.rooms, body.limit),
  }),
];
