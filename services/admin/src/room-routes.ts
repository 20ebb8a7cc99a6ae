import {
  anyText,
  count,
  cursorKey,
  idOf,
  oneOf,
  type Paging,
  paging,
  type Route,
  roomId,
  route,
  text,
  time,
  wireList,
  wireObject,
} from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import {
  type AdminRoom,
  changeRoom,
  deleteRoom,
  listMembers,
  listRooms,
  type MemberKey,
  type RoomFilter,
  type RoomKey,
  type RoomMember,
  type RoomPatch,
  readRoom,
} from './rooms.ts';

const kind = () => oneOf<AdminRoom['kind']>('public', 'private', 'direct');
const visibility = () => oneOf<AdminRoom['visibility']>('public', 'private');

export const roomFields = {
  id: Joi.string(),
  chat_id: Joi.string().description('same as `id`'),
  kind: kind(),
  name: anyText().allow(null),
  topic: anyText().allow(null),
  visibility: visibility(),
  archived: Joi.boolean().description('can be read and left; only admins write'),
  slow_mode_seconds: count(),
  member_count: count(),
  last_seq: count(),
  owner_ids: Joi.array<string[]>().items(Joi.string()).description('the first 20'),
  created_at: time(),
  updated_at: time(),
  last_active_at: time(),
};
const roomSchema = wireObject<AdminRoom>('AdminRoom', roomFields);
const roomList = wireList('AdminRoomList', 'rooms', roomSchema);
const memberSchema = wireObject<RoomMember>('AdminRoomMember', {
  user_id: Joi.string(),
  username: anyText(),
  display_name: anyText(),
  kind: oneOf('user', 'bot'),
  role: oneOf('owner', 'moderator', 'member'),
  joined_at: time(),
  read_seq: count(),
  muted_until: time().allow(null).description('null: not muted; the year 9999: until unmuted'),
});
const memberList = wireList('AdminRoomMemberList', 'members', memberSchema);

const micros = () => Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER);
const query = Joi.object<RoomFilter>({
  search: Joi.string()
    .allow('')
    .max(100)
    .pattern(/\0/, { invert: true })
    .default('')
    .description('part of the id, the name or the topic; `%` and `_` are no wildcards'),
  kind: kind(),
  archived: Joi.boolean(),
  sort: oneOf('created', 'active')
    .default('created')
    .description('created: newest first; active: latest activity first'),
  ...paging<RoomKey>(cursorKey(micros(), roomId())),
});
const memberQuery = Joi.object<Paging<MemberKey>>(paging(cursorKey(micros(), idOf('usr'))));
const patch = Joi.object<RoomPatch>({
  name: text({ max: 100, singleLine: true }).allow(null),
  topic: text({ max: 500 }).allow(null),
  visibility: visibility(),
  archived: Joi.boolean(),
  owner_id: idOf('usr').description('makes this user an owner, and a member if necessary'),
}).min(1);
const params = Joi.object<{ id: string }, true>({ id: roomId().required() });
const tag = 'Admin';

export const roomRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/admin/rooms',
    summary: 'List all rooms, newest or latest activity first',
    tag,
    who: 'moderator',
    scope: 'none',
    query,
    answer: roomList,
    rule: listRooms,
  }),
  route({
    method: 'get',
    path: '/admin/rooms/:id',
    summary: 'Get a room, without its messages',
    tag,
    who: 'moderator',
    scope: 'none',
    params,
    answer: roomSchema,
    rule: readRoom,
  }),
  route({
    method: 'get',
    path: '/admin/rooms/:id/members',
    summary: 'List the members of a room, the longest members first',
    tag,
    who: 'moderator',
    scope: 'none',
    params,
    query: memberQuery,
    answer: memberList,
    rule: listMembers,
  }),
  route({
    method: 'put',
    path: '/admin/rooms/:id',
    summary: 'Rename or archive a room, change its visibility, or give it an owner',
    tag,
    who: 'admin',
    scope: 'none',
    params,
    body: patch,
    example: { archived: true },
    answer: roomSchema,
    errors: [409],
    rule: changeRoom,
  }),
  route({
    method: 'delete',
    path: '/admin/rooms/:id',
    summary: 'Delete a room; its id is not reused',
    tag,
    who: 'admin',
    scope: 'none',
    params,
    errors: [409],
    rule: deleteRoom,
  }),
];
