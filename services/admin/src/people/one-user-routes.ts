import {
  anyText,
  count,
  cursorKey,
  type IdPaging,
  idOf,
  idPaging,
  idParams,
  oneOf,
  type Paging,
  paging,
  type Route,
  roomId,
  route,
  time,
  wireList,
  wireObject,
  withCheck,
} from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { roomFields } from '../room-routes.ts';
import type { RoomKey } from '../rooms.ts';
import { oneUserSchema } from '../shapes.ts';
import {
  type FileFilter,
  type FileKey,
  filesOfUser,
  type ListedFile,
  readUser,
  roomsOfUser,
  sessionsOfUser,
  type UserRoom,
  type UserSession,
} from './one-user.ts';

const userRoom = wireObject<UserRoom>('AdminUserRoom', {
  ...roomFields,
  role: oneOf('owner', 'moderator', 'member'),
  joined_at: time(),
});
const userSession = wireObject<UserSession>('AdminUserSession', {
  id: Joi.string(),
  name: Joi.string().allow(null).description('of a session that an application made'),
  created_at: time(),
  last_used_at: time(),
  ip: anyText(),
  user_agent: anyText(),
});
const listedFile = wireObject<ListedFile>('ListedFile', {
  id: Joi.string(),
  filename: Joi.string(),
  content_type: Joi.string(),
  size: count().description('in bytes'),
  sha256: Joi.string(),
  description: anyText().allow(null),
  uploaded_by: Joi.string(),
  scan_status: oneOf('off', 'pending', 'clean', 'infected'),
  scan_result: Joi.string().allow(null),
  created_at: time(),
});
const userRoomList = wireList('AdminUserRoomList', 'rooms', userRoom);
const userSessionList = wireList('AdminUserSessionList', 'sessions', userSession);
export const listedFileList = wireList('ListedFileList', 'files', listedFile);

const micros = () => Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER);
const roomsQuery = Joi.object<Paging<RoomKey>>(paging(cursorKey(micros(), roomId())));
const filePlace = Joi.alternatives(cursorKey(idOf('file')), cursorKey(micros(), idOf('file')));
const fileFilter = Joi.object<FileFilter>({
  ...paging<FileKey>(filePlace),
  sort: oneOf('created', 'size').default('created').description('created: newest first; size: largest first'),
});
export const fileQuery = withCheck(fileFilter, ({ cursor, sort }) =>
  !Array.isArray(cursor) || (cursor.length === 2) === (sort === 'size')
    ? []
    : [{ path: 'cursor', message: 'cursor must be the next_cursor of a page of this list' }],
);
const tag = 'Admin';
const params = idParams;

export const oneUserRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/admin/users/:id',
    summary: 'Get a user with the ban and counts',
    tag,
    who: 'moderator',
    scope: 'none',
    params,
    answer: oneUserSchema,
    rule: readUser,
  }),
  route({
    method: 'get',
    path: '/admin/users/:id/rooms',
    summary: 'List the rooms of a user, last active first',
    tag,
    who: 'moderator',
    scope: 'none',
    params,
    query: roomsQuery,
    answer: userRoomList,
    rule: roomsOfUser,
  }),
  route({
    method: 'get',
    path: '/admin/users/:id/sessions',
    summary: 'List the live sessions of a user, newest first',
    tag,
    who: 'admin',
    scope: 'none',
    params,
    query: Joi.object<IdPaging>(idPaging()),
    answer: userSessionList,
    rule: sessionsOfUser,
  }),
  route({
    method: 'get',
    path: '/admin/users/:id/files',
    summary: 'List the files of a user, without links',
    tag,
    who: 'admin',
    scope: 'none',
    params,
    query: fileQuery,
    answer: listedFileList,
    rule: filesOfUser,
  }),
];
