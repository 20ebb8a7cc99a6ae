import {
  anyId,
  boundedList,
  cursorKey,
  idOf,
  inTheFuture,
  type Paging,
  paging,
  type Route,
  roomId,
  route,
  timestamp,
  wireList,
} from '@chatapi/kit';
import Joi from 'joi';
import type { MemberKey } from '../access/member-store.ts';
import { RESERVED_PREFIX, RESERVED_WORDS } from '../access/reserved-room-ids.ts';
import type { Context } from '../context.ts';
import type { MemberRole } from '../log/frames.ts';
import { besideUsers } from '../people/shown-users.ts';
import { changeRoom, deleteRoom, type RoomChanges } from '../rooms/change-room.ts';
import { markRead } from '../rooms/mark-read.ts';
import { addMember, changeRole, joinRoom, leave, listMembersOf, memberSchema, removeMember } from '../rooms/members.ts';
import { muteMember, unmuteMember } from '../rooms/mutes.ts';
import { roomSchema } from '../rooms/room.ts';
import { type RoomKey, roomKey } from '../rooms/room-cursor.ts';
import type { RoomPage } from '../rooms/room-overview-store.ts';
import { createRoom, listPublicRooms, listRooms, type NewRoom, readRoom } from '../rooms/rooms.ts';
import { name, topic, visibility } from './room-fields.ts';

const roomList = besideUsers(wireList('RoomList', 'rooms', roomSchema));
const memberList = besideUsers(wireList('MemberList', 'members', memberSchema));
const micros = () => Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER);
const roomPaging = () => paging<RoomKey>(roomKey());
const memberQuery = Joi.object<Paging<MemberKey>>(paging(cursorKey(micros(), idOf('usr'))));

const ownName = () =>
  roomId()
    .pattern(RESERVED_PREFIX, { invert: true, name: 'must not start with dm: or self:' })
    .pattern(new RegExp(`^(?:${RESERVED_WORDS.join('|')})$`), { invert: true, name: 'must not be a reserved word' });
const newRoom = Joi.object<NewRoom>({
  chat_id: ownName(),
  name: name(),
  topic: topic(),
  visibility: visibility().default('public'),
  member_ids: boundedList(1000, idOf('usr')).unique().default([]),
});
const changes = Joi.object<RoomChanges>({
  name: name().allow(null),
  topic: topic().allow(null),
  visibility: visibility(),
  slow_mode_seconds: Joi.number()
    .integer()
    .min(0)
    .max(3600)
    .description('seconds between two messages of a member who is not owner or moderator; 0: off'),
  archived: Joi.boolean().description('archive the room or bring it back; owners only'),
}).min(1);
const archived = Joi.boolean().default(false).description('only archived rooms; otherwise only others');
const roomQuery = Joi.object<RoomPage>({ archived, ...roomPaging() });
const publicQuery = Joi.object<RoomPage & { search: string }>({
  archived,
  search: Joi.string().allow('').max(100).pattern(/\0/, { invert: true }).default(''),
  ...roomPaging(),
});
const oneMember = Joi.object<{ user_id: string }>({ user_id: idOf('usr').required() });
const role = Joi.object<{ role: MemberRole }>({
  role: Joi.string<MemberRole>().valid('owner', 'moderator', 'member').required(),
});
const mute = Joi.object<{ until: string | null }>({
  until: timestamp()
    .allow(null)
    .default(null)
    .custom(inTheFuture)
    .description('end of the mute; unset or null: until lifted'),
});
const read = Joi.object<{ seq: number }>({
  seq: Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER).required(),
});
const params = Joi.object<{ id: string }, true>({ id: roomId().required() });
const memberParams = Joi.object<{ id: string; user_id: string }, true>({
  id: roomId().required(),
  user_id: anyId().required(),
});
const tag = 'Rooms';
const who = 'user' as const;

export const roomRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/rooms',
    summary: 'List rooms of the caller, latest activity first',
    tag,
    who,
    scope: 'rooms:read',
    query: roomQuery,
    answer: roomList,
    rule: (ctx: Context, { caller, query }) => listRooms(ctx, caller, query),
  }),
  route({
    method: 'post',
    path: '/rooms',
    summary: 'Create a room',
    tag,
    who,
    scope: 'rooms:write',
    body: newRoom,
    example: { chat_id: 'launch', name: 'Launch week', visibility: 'public' },
    answer: roomSchema,
    status: 201,
    errors: [404, 409],
    rule: (ctx: Context, { caller, body }) => createRoom(ctx, caller, body),
  }),
  route({
    method: 'get',
    path: '/rooms/public',
    summary: 'List public rooms; search by id, name or topic',
    tag,
    who,
    scope: 'rooms:read',
    query: publicQuery,
    answer: roomList,
    rule: (ctx: Context, { caller, query }) => listPublicRooms(ctx, caller, query),
  }),
  route({
    method: 'get',
    path: '/rooms/:id',
    summary: 'Get a room',
    tag,
    who,
    scope: 'rooms:read',
    params,
    answer: roomSchema,
    rule: (ctx: Context, { caller, params }) => readRoom(ctx, caller, params.id),
  }),
  route({
    method: 'put',
    path: '/rooms/:id',
    summary: 'Change name, topic, visibility or slow mode; archive the room',
    tag,
    who,
    scope: 'rooms:write',
    params,
    body: changes,
    example: { topic: 'Everything about the launch' },
    answer: roomSchema,
    errors: [409],
    rule: (ctx: Context, { caller, params, body, request_id }) =>
      changeRoom(ctx, { ...caller, request_id }, params.id, body),
  }),
  route({
    method: 'delete',
    path: '/rooms/:id',
    summary: 'Delete a room; its id is not reused',
    tag,
    who,
    scope: 'rooms:write',
    params,
    rule: (ctx: Context, { caller, params }) => deleteRoom(ctx, caller, params.id),
  }),
  route({
    method: 'post',
    path: '/rooms/:id/join',
    summary: 'Join a public room; in a room without an owner, the caller becomes it',
    tag,
    who,
    scope: 'rooms:write',
    params,
    errors: [409],
    rule: (ctx: Context, { caller, params }) => joinRoom(ctx, caller, params.id),
  }),
  route({
    method: 'post',
    path: '/rooms/:id/leave',
    summary: 'Leave a room',
    tag,
    who,
    scope: 'rooms:write',
    params,
    rule: (ctx: Context, { caller, params }) => leave(ctx, caller, params.id),
  }),
  route({
    method: 'get',
    path: '/rooms/:id/members',
    summary: 'List members of a room',
    tag,
    who,
    scope: 'rooms:read',
    params,
    query: memberQuery,
    answer: memberList,
    rule: (ctx: Context, { caller, params, query }) => listMembersOf(ctx, caller, params.id, query),
  }),
  route({
    method: 'post',
    path: '/rooms/:id/members',
    summary: 'Add a member',
    tag,
    who,
    scope: 'rooms:write',
    params,
    body: oneMember,
    example: { user_id: 'usr_0197c2f0a1b27c3d8e4f' },
    answer: memberSchema,
    status: 201,
    errors: [409],
    rule: (ctx: Context, { caller, params, body }) => addMember(ctx, caller, params.id, body.user_id),
  }),
  route({
    method: 'put',
    path: '/rooms/:id/members/:user_id',
    summary: 'Change the role of a member',
    tag,
    who,
    scope: 'rooms:write',
    params: memberParams,
    body: role,
    example: { role: 'moderator' },
    answer: memberSchema,
    errors: [409],
    rule: (ctx: Context, { caller, params, body }) => changeRole(ctx, caller, params.id, params.user_id, body.role),
  }),
  route({
    method: 'delete',
    path: '/rooms/:id/members/:user_id',
    summary: 'Remove a member',
    tag,
    who,
    scope: 'rooms:write',
    params: memberParams,
    rule: (ctx: Context, { caller, params }) => removeMember(ctx, caller, params.id, params.user_id),
  }),
  route({
    method: 'put',
    path: '/rooms/:id/members/:user_id/mute',
    summary: 'Mute a member; they can read but not send',
    tag,
    who,
    scope: 'moderation:write',
    keyAlone: true,
    params: memberParams,
    body: mute,
    example: { until: null },
    answer: memberSchema,
    rule: (ctx: Context, { caller, params, body, request_id }) =>
      muteMember(ctx, { ...caller, request_id }, params.id, params.user_id, body.until),
  }),
  route({
    method: 'delete',
    path: '/rooms/:id/members/:user_id/mute',
    summary: 'Lift a mute',
    tag,
    who,
    scope: 'moderation:write',
    keyAlone: true,
    params: memberParams,
    rule: (ctx: Context, { caller, params, request_id }) =>
      unmuteMember(ctx, { ...caller, request_id }, params.id, params.user_id),
  }),
  route({
    method: 'put',
    path: '/rooms/:id/read',
    summary: 'Mark a room as read up to a seq',
    tag,
    who,
    scope: 'messages:read',
    unrecorded: true,
    params,
    body: read,
    example: { seq: 1 },
    rule: (ctx: Context, { caller, params, body }) => markRead(ctx, caller, params.id, body.seq),
  }),
];
