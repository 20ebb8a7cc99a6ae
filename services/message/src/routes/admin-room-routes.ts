// Internal routes of rooms for admins. The public ones are in admin.
import { cursorKey, idOf, paging, type Route, roomId, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Kind } from '../access/permissions.ts';
import type { Context } from '../context.ts';
import {
  type AdminRoomChanges,
  changeRoomForAdmin,
  deleteRoomForAdmin,
  listAdminRooms,
  readAdminRoom,
} from '../moderation/admin-rooms.ts';
import type { AdminRoomFilter, AdminRoomKey } from '../moderation/admin-rooms-store.ts';
import { name, topic, visibility } from './room-fields.ts';

const params = Joi.object<{ id: string }, true>({ id: roomId().required() });
const filter = Joi.object<AdminRoomFilter>({
  search: Joi.string().allow('').default(''),
  kind: Joi.string<Kind>().valid('public', 'private', 'direct'),
  archived: Joi.boolean(),
  ...paging<AdminRoomKey>(cursorKey(Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER), roomId())),
});
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
