import { type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { removeMessage } from './edits.ts';
import { exportPage } from './export.ts';
import { answerPage, type PageAsked } from './history.ts';
import { type InternalSend, replay, rights, roomsOfUsers, sendForNode, type Wanted } from './internal.ts';
import { readHeads } from './log-store.ts';
import { readsFile } from './message-store.ts';
import { type Position, savePositions } from './positions.ts';
import { type Post, postMessages } from './post.ts';
import { shownRoutes } from './shown-routes.ts';
import { peersOfUsers } from './user-rooms-store.ts';
import { wordRoutes } from './word-routes.ts';

const id = () => Joi.string().required();
const seq = () => Joi.number().integer().min(0);

// The doors alone call these two, with what their own shapes have let in; the bodies are judged one by one by the rule, so that a bad
// one fails alone. Judging each entry here as well would cost as much as the rest of the way into a batch.
const sends = Joi.object<{ node: string; sends: InternalSend[] }>({
  // A node of the version before does not say it, and gets its events by signal.
  node: Joi.string().default(''),
  sends: Joi.array().max(1000).required(),
});
const posts = Joi.object<{ node: string; posts: Post[] }>({
  node: Joi.string().required(),
  posts: Joi.array().max(1000).required(),
});
const pageAsked = Joi.object<PageAsked>({ user_id: id(), request_id: id(), query: Joi.string().allow('').required() });
const wanted = Joi.object<Wanted>({
  id: id(),
  after: seq().required(),
  limit: Joi.number().integer().min(1).max(1000).default(200),
});
const events = Joi.object<{ user_id?: string; rooms: Wanted[] }>({
  user_id: Joi.string(),
  rooms: Joi.array().items(wanted).max(1000).required(),
});
const heads = Joi.object<{ rooms: string[] }>({ rooms: Joi.array().items(Joi.string()).max(100_000).required() });
const position = Joi.object({ room_id: id(), user_id: id(), delivered_seq: seq(), read_seq: seq() });
const positions = Joi.object<{ positions: Position[] }>({
  positions: Joi.array().items(position).max(10_000).required(),
});
const rightsBody = Joi.object<{ user_id: string; rooms: string[] }>({
  user_id: id(),
  rooms: Joi.array().items(Joi.string()).max(1000).required(),
});
const users = Joi.object<{ user_ids: string[] }>({ user_ids: Joi.array().items(Joi.string()).max(1000).required() });
const who = 'service' as const;

export const internalRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/internal/sends',
    summary: 'Send many',
    who,
    body: sends,
    rule: (ctx: Context, { body }) => sendForNode(ctx, body.node, body.sends),
  }),
  route({
    method: 'post',
    path: '/internal/posts',
    summary: 'Answer many requests to POST /messages',
    who,
    body: posts,
    rule: (ctx: Context, { body }) => postMessages(ctx, body.node, body.posts),
  }),
  route({
    method: 'post',
    path: '/internal/page',
    summary: 'Answer a request to GET /messages',
    who,
    body: pageAsked,
    rule: (ctx: Context, { body }) => answerPage(ctx, body),
  }),
  route({
    method: 'post',
    path: '/internal/rooms-of-users',
    summary: 'Rooms of users with their heads',
    who,
    body: users,
    rule: (ctx: Context, { body }) => roomsOfUsers(ctx, body.user_ids),
  }),
  route({
    method: 'get',
    path: '/internal/users/:id/export/:kind',
    summary: 'A page of what a user wrote: messages, rooms or reactions',
    who,
    query: Joi.object({ after: Joi.string().allow('').default('') }),
    rule: (ctx: Context, { params, query }) =>
      exportPage(ctx.db, params.id as string, params.kind as string, query.after as string),
  }),
  route({
    method: 'post',
    path: '/internal/peers-of-users',
    summary: 'Who may see these users’ presence',
    who,
    body: users,
    rule: async (ctx: Context, { body }) => ({ peers: await peersOfUsers(ctx.pool, body.user_ids) }),
  }),
  route({
    method: 'post',
    path: '/internal/events',
    summary: 'Events of rooms after a position',
    who,
    body: events,
    rule: (ctx: Context, { body }) => replay(ctx, body.user_id, body.rooms),
  }),
  route({
    method: 'post',
    path: '/internal/heads',
    summary: 'Last seq of rooms',
    who,
    body: heads,
    rule: async (ctx: Context, { body }) => ({ heads: await readHeads(ctx.db, body.rooms) }),
  }),
  route({
    method: 'post',
    path: '/internal/positions',
    summary: 'How far users have received and read',
    who,
    body: positions,
    rule: (ctx: Context, { body }) => savePositions(ctx, body.positions),
  }),
  route({
    method: 'post',
    path: '/internal/rights',
    summary: 'What a user may do in rooms',
    who,
    body: rightsBody,
    rule: (ctx: Context, { body }) => rights(ctx, body.user_id, body.rooms),
  }),
  route({
    method: 'get',
    path: '/internal/files/:id/access',
    summary: 'Whether a user reads a room in which the file is attached',
    who,
    query: Joi.object({ user_id: id() }),
    rule: async (ctx: Context, { params, query }) => ({
      allowed: await readsFile(ctx.db, params.id as string, query.user_id as string),
    }),
  }),
  route({
    method: 'delete',
    path: '/internal/messages/:id',
    summary: 'Delete a message on behalf of an admin',
    who,
    body: Joi.object<{ actor_id: string }>({ actor_id: id() }),
    rule: (ctx: Context, { params, body }) => removeMessage(ctx, params.id as string, body.actor_id),
  }),
  ...shownRoutes,
  ...wordRoutes,
];
