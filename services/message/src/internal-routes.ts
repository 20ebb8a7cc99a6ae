import { anyId, idOf, idParams, paging, type Route, route } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import Joi from 'joi';
import { leavingsSince } from './access/former-member-store.ts';
import type { Context } from './context.ts';
import { exportPage } from './exports/export.ts';
import { describeFrames } from './log/frames.ts';
import { readHeads } from './log/log-store.ts';
import { deleteMessageForAdmin } from './messages/edit-delete.ts';
import { answerPage, type PageRequest } from './messages/history.ts';
import { mayReadFile } from './messages/message-store.ts';
import { firstState, type StateRequest, stateFrame } from './nodes/first-state.ts';
import { type EventsRequest, type InternalSend, replay, roomsOfUsers, sendForNode } from './nodes/node-requests.ts';
import { presenceAudienceOf } from './nodes/user-rooms-store.ts';
import { type Position, savePositions } from './positions/save-positions.ts';
import { readStates } from './positions/unread-store.ts';
import { type RoomKey, roomKey } from './rooms/room-cursor.ts';
import { adminRoomRoutes } from './routes/admin-room-routes.ts';
import { beforeMessageHookRoutes } from './routes/before-message-hook-routes.ts';
import { followerRoutes } from './routes/follower-routes.ts';
import { incomingWebhookRoutes } from './routes/incoming-webhook-routes.ts';
import { moderationRoutes } from './routes/moderation-routes.ts';
import { streamRoutes } from './routes/stream-routes.ts';
import { wordRoutes } from './routes/word-routes.ts';
import { type Post, postMessages } from './sending/post-messages.ts';
import { mayType } from './typing/typing.ts';

const id = () => Joi.string().required();
const seq = () => Joi.number().integer().min(0);

// Only gateways call these two, with entries of their own schemas. The rules validate each body, so
// that an invalid one fails alone. Validating entries here too would cost as much as all
// other steps up to the batch.
// Callers of the previous version can't set sends aside.
const may_wait = Joi.boolean().default(true);
const sends = Joi.object<{ node: string; sends: InternalSend[]; may_wait: boolean }>({
  may_wait,
  // Nodes of the previous version omit it and get their events by signal.
  node: Joi.string().default(''),
  sends: Joi.array().max(1000).required(),
});
const posts = Joi.object<{ node: string; posts: Post[]; may_wait: boolean }>({
  may_wait,
  node: Joi.string().required(),
  posts: Joi.array().max(1000).required(),
});
const pageAsked = Joi.object<PageRequest>({
  user_id: idOf('usr').required(),
  role: Joi.string<Role>().valid('user', 'moderator', 'admin'),
  rooms: Joi.array().items(Joi.string()),
  request_id: id(),
  query: Joi.string().allow('').required(),
});
const wanted = Joi.object<EventsRequest>({
  id: id(),
  after: seq().required(),
  limit: Joi.number().integer().min(1).max(1000).default(200),
});
const events = Joi.object<{ user_id?: string; rooms: EventsRequest[] }>({
  user_id: idOf('usr'),
  rooms: Joi.array().items(wanted).max(1000).required(),
});
const heads = Joi.object<{ rooms: string[] }>({ rooms: Joi.array().items(Joi.string()).max(100_000).required() });
const leavings = Joi.object<{ rooms: { id: string; since: number }[] }>({
  rooms: Joi.array()
    .items(Joi.object({ id: id(), since: seq().required() }))
    .max(1000)
    .required(),
});
const typists = Joi.object<{ typists: { user_id: string; room_id: string }[] }>({
  typists: Joi.array()
    .items(Joi.object({ user_id: idOf('usr').required(), room_id: id() }))
    .max(1000)
    .required(),
});
const position = Joi.object({
  room_id: id(),
  user_id: idOf('usr').required(),
  delivered_seq: seq(),
  read_seq: seq(),
  origin: Joi.string(),
});
const positions = Joi.object<{ positions: Position[] }>({
  positions: Joi.array().items(position).max(10_000).required(),
});
const standing = Joi.object<{ asked: { user_id: string; rooms: string[] }[] }>({
  asked: Joi.array()
    .items(Joi.object({ user_id: idOf('usr').required(), rooms: Joi.array().items(Joi.string()).max(2000).required() }))
    .max(100)
    .required(),
});
const stateAsked = Joi.object<StateRequest>({
  user_id: idOf('usr').required(),
  rooms: Joi.array().items(Joi.string()),
  limit: Joi.number().integer().min(1).max(200).required(),
  cursor: paging<RoomKey>(roomKey()).cursor as Joi.Schema,
});
const users = Joi.object<{ user_ids: string[] }>({ user_ids: Joi.array().items(idOf('usr')).max(1000).required() });
const exported = Joi.object<{ id: string; kind: string }, true>({
  id: idOf('usr').required(),
  kind: Joi.string().required(),
});

export const internalRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/internal/sends',
    summary: 'Send messages in a batch',
    who: ['realtime-gateway'],
    body: sends,
    rule: (ctx: Context, { body }) => sendForNode(ctx, body.node, body.sends, body.may_wait),
  }),
  route({
    method: 'post',
    path: '/internal/posts',
    summary: 'Handle a batch of POST /messages requests',
    who: ['api-gateway'],
    body: posts,
    rule: (ctx: Context, { body }) => postMessages(ctx, body.node, body.posts, body.may_wait),
  }),
  route({
    method: 'post',
    path: '/internal/page',
    summary: 'Handle a GET /messages request',
    who: ['api-gateway'],
    body: pageAsked,
    rule: (ctx: Context, { body }) => answerPage(ctx, body),
  }),
  route({
    method: 'post',
    path: '/internal/rooms-of-users',
    summary: 'List the rooms of users, with heads',
    who: ['realtime-gateway'],
    body: users,
    rule: (ctx: Context, { body }) => roomsOfUsers(ctx, body.user_ids),
  }),
  route({
    method: 'get',
    path: '/internal/users/:id/export/:kind',
    summary: 'Export a page of a user’s messages, rooms or reactions',
    who: ['file'],
    params: exported,
    query: Joi.object({ after: Joi.string().allow('').default('') }),
    rule: (ctx: Context, { params, query }) => exportPage(ctx.db, params.id, params.kind, query.after as string),
  }),
  route({
    method: 'post',
    path: '/internal/peers-of-users',
    summary: 'List who may see the presence of users',
    who: ['realtime-gateway'],
    body: users,
    rule: async (ctx: Context, { body }) => ({ peers: await presenceAudienceOf(ctx.pool, body.user_ids) }),
  }),
  route({
    method: 'post',
    path: '/internal/events',
    summary: 'List events of rooms after a seq',
    who: ['realtime-gateway'],
    body: events,
    rule: (ctx: Context, { body }) => replay(ctx, body.user_id, body.rooms),
  }),
  route({
    method: 'post',
    path: '/internal/heads',
    summary: 'Get the heads and versions of rooms',
    who: ['realtime-gateway'],
    body: heads,
    rule: (ctx: Context, { body }) => readHeads(ctx.db, body.rooms),
  }),
  route({
    method: 'post',
    path: '/internal/leavings',
    summary: 'List who left rooms since a version of each',
    who: ['realtime-gateway'],
    body: leavings,
    rule: async (ctx: Context, { body }) => ({ leavings: await leavingsSince(ctx.pool, body.rooms) }),
  }),
  route({
    method: 'post',
    path: '/internal/may-type',
    summary: 'Check which users may be seen typing in a room',
    who: ['realtime-gateway'],
    body: typists,
    rule: async (ctx: Context, { body }) => ({ allowed: await mayType(ctx, body.typists) }),
  }),
  route({
    method: 'post',
    path: '/internal/positions',
    summary: 'Save delivered and read positions',
    who: ['realtime-gateway'],
    body: positions,
    rule: (ctx: Context, { body }) => savePositions(ctx, body.positions),
  }),
  route({
    method: 'post',
    path: '/internal/read-states',
    summary: 'Get the read positions and unread counts of users in rooms',
    who: ['realtime-gateway'],
    body: standing,
    rule: async (ctx: Context, { body }) => ({ states: await readStates(ctx.pool, body.asked) }),
  }),
  route({
    method: 'post',
    path: '/internal/state',
    summary: 'Get a page of a user’s rooms for a state frame',
    who: ['realtime-gateway'],
    body: stateAsked,
    rule: (ctx: Context, { body }) => firstState(ctx, body),
  }),
  route({
    method: 'get',
    path: '/internal/files/:id/access',
    summary: 'Check whether a user may read a room in which the uploader attached the file',
    who: ['file'],
    params: idParams,
    query: Joi.object<{ user_id: string; uploaded_by?: string; rooms?: string }>({
      user_id: idOf('usr').required(),
      uploaded_by: idOf('usr'),
      // Separated by commas: they limit a bot's token.
      rooms: Joi.string().allow(''),
    }),
    rule: async (ctx: Context, { params, query }) => ({
      allowed: await mayReadFile(ctx.db, params.id, query),
    }),
  }),
  route({
    method: 'delete',
    path: '/internal/messages/:id',
    summary: 'Delete a message on behalf of an admin',
    who: ['admin'],
    params: idParams,
    // An admin, or an application key.
    body: Joi.object<{ actor_id: string }>({ actor_id: anyId().required() }),
    rule: (ctx: Context, { params, body }) => deleteMessageForAdmin(ctx, params.id, body.actor_id),
  }),
  route({
    method: 'get',
    path: '/internal/frames',
    summary: 'Get the schemas of the frames that this service makes',
    who: ['realtime-gateway'],
    rule: async () => describeFrames({ state: stateFrame }),
  }),
  ...moderationRoutes,
  ...adminRoomRoutes,
  ...wordRoutes,
  ...followerRoutes,
  ...streamRoutes,
  ...incomingWebhookRoutes,
  ...beforeMessageHookRoutes,
];
