import { type Paging, paging, type Route, route, say, text } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import type { MemberRole } from './member-store.ts';
import { addMember, changeRole, joinRoom, leave, membersOf, removeMember } from './members.ts';
import { muteMember, unmuteMember } from './mutes.ts';
import { markRead } from './positions.ts';
import {
  changeRoom,
  createRoom,
  deleteRoom,
  listPublicRooms,
  listRooms,
  type NewRoom,
  type RoomChanges,
  readRoom,
} from './rooms.ts';
import { roomId, someId } from './send-body.ts';
import { memberShape, membersShape, roomShape, roomsShape } from './shapes.ts';

const name = () => text({ max: 100, singleLine: true });
const topic = () => text({ max: 500 });
const visibility = () => Joi.string().valid('public', 'private');
const paged = Joi.object<Paging>(paging());

const ownName = () => roomId().pattern(/^dm:/, { invert: true, name: 'must not start with dm:' });
const newRoom = Joi.object<NewRoom>({
  chat_id: ownName(),
  name: name(),
  topic: topic(),
  visibility: visibility().default('public'),
  member_ids: Joi.array().items(someId()).max(1000).unique().default([]),
});
const changes = Joi.object<RoomChanges>({
  name: name().allow(null),
  topic: topic().allow(null),
  visibility: visibility(),
  slow_mode_seconds: Joi.number()
    .integer()
    .min(0)
    .max(3600)
    .description('members other than owners and moderators may send once per so many; 0: off'),
}).min(1);
const publicQuery = Joi.object<Paging & { search: string }>({
  search: Joi.string().allow('').max(100).pattern(/\0/, { invert: true }).default(''),
  ...paging(),
});
const oneMember = Joi.object<{ user_id: string }>({ user_id: someId().required() });
const role = Joi.object<{ role: MemberRole }>({
  role: Joi.string<MemberRole>().valid('owner', 'moderator', 'member').required(),
});
const mute = Joi.object<{ until: string | null }>({
  until: Joi.string()
    .isoDate()
    .allow(null)
    .default(null)
    .custom((value: string, h) => (Date.parse(value) <= Date.now() ? say(h, 'must lie in the future') : value))
    .description('the mute ends by itself then; unset: it stays until lifted'),
});
const read = Joi.object<{ seq: number }>({
  seq: Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER).required(),
});
const tag = 'rooms';
const who = 'user' as const;

export const roomRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/rooms',
    summary: 'My rooms, latest activity first',
    tag,
    who,
    query: paged,
    answer: roomsShape,
    rule: (ctx: Context, { caller, query }) => listRooms(ctx, caller, query),
  }),
  route({
    method: 'post',
    path: '/rooms',
    summary: 'Make a room',
    tag,
    who,
    body: newRoom,
    answer: roomShape,
    status: 201,
    rule: (ctx: Context, { caller, body }) => createRoom(ctx, caller, body),
  }),
  route({
    method: 'get',
    path: '/rooms/public',
    summary: 'Public rooms, by id, name or topic',
    tag,
    who,
    query: publicQuery,
    answer: roomsShape,
    rule: (ctx: Context, { caller, query }) => listPublicRooms(ctx, caller, query),
  }),
  route({
    method: 'get',
    path: '/rooms/:id',
    summary: 'One room',
    tag,
    who,
    answer: roomShape,
    rule: (ctx: Context, { caller, params }) => readRoom(ctx, caller, params.id as string),
  }),
  route({
    method: 'put',
    path: '/rooms/:id',
    summary: 'Change name, topic, visibility or slow mode',
    tag,
    who,
    body: changes,
    answer: roomShape,
    rule: (ctx: Context, { caller, params, body, request_id }) =>
      changeRoom(ctx, { ...caller, request_id }, params.id as string, body),
  }),
  route({
    method: 'delete',
    path: '/rooms/:id',
    summary: 'Delete a room; its id stays taken',
    tag,
    who,
    rule: (ctx: Context, { caller, params }) => deleteRoom(ctx, caller, params.id as string),
  }),
  route({
    method: 'post',
    path: '/rooms/:id/join',
    summary: 'Join a public room',
    tag,
    who,
    rule: (ctx: Context, { caller, params }) => joinRoom(ctx, caller, params.id as string),
  }),
  route({
    method: 'post',
    path: '/rooms/:id/leave',
    summary: 'Leave a room',
    tag,
    who,
    rule: (ctx: Context, { caller, params }) => leave(ctx, caller, params.id as string),
  }),
  route({
    method: 'get',
    path: '/rooms/:id/members',
    summary: 'Members of a room',
    tag,
    who,
    query: paged,
    answer: membersShape,
    rule: (ctx: Context, { caller, params, query }) => membersOf(ctx, caller, params.id as string, query),
  }),
  route({
    method: 'post',
    path: '/rooms/:id/members',
    summary: 'Add somebody',
    tag,
    who,
    body: oneMember,
    answer: memberShape,
    status: 201,
    rule: (ctx: Context, { caller, params, body }) => addMember(ctx, caller, params.id as string, body.user_id),
  }),
  route({
    method: 'put',
    path: '/rooms/:id/members/:user_id',
    summary: 'Give a member another role',
    tag,
    who,
    body: role,
    answer: memberShape,
    rule: (ctx: Context, { caller, params, body }) =>
      changeRole(ctx, caller, params.id as string, params.user_id as string, body.role),
  }),
  route({
    method: 'delete',
    path: '/rooms/:id/members/:user_id',
    summary: 'Remove somebody',
    tag,
    who,
    rule: (ctx: Context, { caller, params }) =>
      removeMember(ctx, caller, params.id as string, params.user_id as string),
  }),
  route({
    method: 'put',
    path: '/rooms/:id/members/:user_id/mute',
    summary: 'Mute somebody in a room: reading goes on, sending is refused',
    tag,
    who,
    body: mute,
    answer: memberShape,
    rule: (ctx: Context, { caller, params, body, request_id }) =>
      muteMember(ctx, { ...caller, request_id }, params.id as string, params.user_id as string, body.until),
  }),
  route({
    method: 'delete',
    path: '/rooms/:id/members/:user_id/mute',
    summary: 'Lift a mute',
    tag,
    who,
    rule: (ctx: Context, { caller, params, request_id }) =>
      unmuteMember(ctx, { ...caller, request_id }, params.id as string, params.user_id as string),
  }),
  route({
    method: 'put',
    path: '/rooms/:id/read',
    summary: 'I have read up to here',
    tag,
    who,
    body: read,
    rule: (ctx: Context, { caller, params, body }) => markRead(ctx, caller, params.id as string, body.seq),
  }),
];
