// Internal routes of rooms for admins. The public ones are in admin.
import { cursorKey, idOf, idParams, type Paging, paging, type Route, roomId, route } from '@chatapi/kit';
import Joi from 'joi';
import type { MemberKey } from '../access/member-store.ts';
import type { Kind } from '../access/room-permissions.ts';
import type { Context } from '../context.ts';
import {
  type AdminRoomChanges,
  changeRoomForAdmin,
  deleteRoomForAdmin,
  listAdminRooms,
  listMembersForAdmin,
  listRoomsOf,
  readAdminRoom,
} from '../moderation/admin-rooms.ts';
import {
  type AdminRoomFilter,
  type AdminRoomKey,
  countsOfUser,
  ROOM_SORTS,
  type RoomSort,
} from '../moderation/admin-rooms-store.ts';
import { name, topic, visibility } from './room-fields.ts';

const params = Joi.object<{ id: string }, true>({ id: roomId().required() });
const micros = () => Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER);
const roomPaging = () => paging<AdminRoomKey>(cursorKey(micros(), roomId()));
const filter = Joi.object<AdminRoomFilter>({
  search: Joi.string().allow('').default(''),
  kind: Joi.string<Kind>().valid('public', 'private', 'direct'),
  archived: Joi.boolean(),
  sort: Joi.string<RoomSort>()
    .valid(...ROOM_SORTS)
    .default('created'),
  ...roomPaging(),
});
const memberQuery = Joi.object<Paging<MemberKey>>(paging(cursorKey(micros(), idOf('usr'))));
const changes = Joi.object<AdminRoomChanges & { actor_id: string }>({
  actor_id: idOf('usr').required(),
  name: name().allow(null),
  topic: topic().allow(null),
  visibility: visibility(),
  archived: Joi.boolean(),
  owner_id: idOf('usr'),
});

export const adminRoomRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/internal/rooms',
    summary: 'List rooms for admins',
    who: ['admin'],
    query: filter,
    rule: (ctx: Context, { query }) => listAdminRooms(ctx, query),
  }),
  route({
    method: 'get',
    path: '/internal/rooms/:id',
    summary: 'Get a room for admins',
    who: ['admin'],
    params,
    rule: (ctx: Context, { params }) => readAdminRoom(ctx, params.id),
  }),
  route({
    method: 'get',
    path: '/internal/rooms/:id/members',
    summary: 'List members of a room for admins, the longest members first',
    who: ['admin'],
    params,
    query: memberQuery,
    rule: (ctx: Context, { params, query }) => listMembersForAdmin(ctx, params.id, query),
  }),
  route({
    method: 'get',
    path: '/internal/users/:id/rooms',
    summary: 'List the rooms of a user for admins, last active first',
    who: ['admin'],
    params: idParams,
    query: Joi.object<Paging<AdminRoomKey>>(roomPaging()),
    rule: (ctx: Context, { params, query }) => listRoomsOf(ctx, params.id, query),
  }),
  route({
    method: 'get',
    path: '/internal/users/:id/counts',
    summary: 'Count the rooms and messages of a user',
    who: ['admin'],
    params: idParams,
    rule: (ctx: Context, { params }) => countsOfUser(ctx.db, params.id),
  }),
  route({
    method: 'put',
    path: '/internal/rooms/:id',
    summary: 'Change a room on behalf of an admin',
    who: ['admin'],
    params,
    body: changes,
    rule: (ctx: Context, { params, body: { actor_id, ...wanted } }) =>
      changeRoomForAdmin(ctx, params.id, actor_id, wanted),
  }),
  route({
    method: 'delete',
    path: '/internal/rooms/:id',
    summary: 'Delete a room on behalf of an admin',
    who: ['admin'],
    params,
    rule: (ctx: Context, { params }) => deleteRoomForAdmin(ctx, params.id),
  }),
];
