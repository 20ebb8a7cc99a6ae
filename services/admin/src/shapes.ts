// Schemas of requests and responses. They validate input and generate the OpenAPI document.
import {
  anyId,
  anyText,
  count,
  cursorKey,
  customObject,
  idPaging,
  inTheFuture,
  type Json,
  oneOf,
  pageFields,
  paging,
  roomId,
  text,
  time,
  timestamp,
  wireList,
  wireObject,
  withCheck,
} from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import Joi from 'joi';
import type { Entry, EntryConditions, EntryFilter } from './audit-store.ts';
import type { Export } from './exports.ts';
import type { Health, InstanceHealth } from './health.ts';
import type { AdminUser, Ban } from './people/admin-user.ts';
import type { OneUser } from './people/one-user.ts';
import type { Statistics } from './statistics.ts';
import type { User } from './user-view.ts';
import type { BanRequest, ResetLink, UserFilter, UserKey, UserList, UserSort } from './users.ts';

const role = () => oneOf<Role>('user', 'moderator', 'admin');
const status = () => oneOf('active', 'banned', 'deactivated');
const unanswered = () => count().allow(null).description('null while the service that knows does not answer');
const known = () => count().allow(null).description('null while Redis is away');

const sort = () => oneOf<UserSort>('created', 'last_seen', 'username');
const place = Joi.alternatives(
  cursorKey(anyId()),
  cursorKey(sort(), Joi.alternatives(Joi.string(), Joi.number().integer().min(0)), anyId()),
);
/** Of a list in one order no cursor leads into another. */
const sortOfCursor = (cursor: unknown): unknown =>
  Array.isArray(cursor) && cursor.length === 3 ? cursor[0] : 'created';

const userFilter = Joi.object<UserFilter>({
  ...paging<UserKey>(place),
  sort: sort()
    .default('created')
    .description('created: newest first; last_seen: the last active first; username: from a to z'),
  search: Joi.string()
    .allow('')
    .max(254)
    .description('part of the username, for admins also of the email, or an external_id; `%` and `_` are no wildcards'),
  status_filter: status(),
  role_filter: role(),
});
export const userQuery = withCheck(userFilter, ({ cursor, sort }) =>
  cursor === undefined || sortOfCursor(cursor) === sort
    ? []
    : [{ path: 'cursor', message: 'cursor must be the next_cursor of a page of this list' }],
);

export const banBody = Joi.object<BanRequest, true>({
  reason: text({ max: 500 }).allow(null),
  until: timestamp().allow(null).custom(inTheFuture).description('end of the ban; unset: until it is lifted'),
});

export const roleBody = Joi.object<{ role: Role }, true>({ role: role().required() });

const entryConditions = {
  actor_id: anyId(),
  // Any id, also of a room.
  target_id: roomId(),
  action: Joi.string().max(64),
  outcome: oneOf<Entry['outcome']>('pending', 'done', 'refused', 'unknown'),
  from: timestamp().description('the first time that counts'),
  to: timestamp().description('the first time that counts no more'),
};
export const auditQuery = Joi.object<EntryFilter>({ ...idPaging(), ...entryConditions });
export const auditCsvQuery = Joi.object<EntryConditions>(entryConditions);

const userFields = {
  id: Joi.string(),
  username: Joi.string(),
  display_name: Joi.string(),
  bio: anyText(),
  avatar_url: Joi.string().allow(null),
  custom: customObject(),
  kind: oneOf<User['kind']>('user', 'bot'),
  role: role(),
  status: status(),
  created_at: time(),
  updated_at: time(),
};
const adminsOnly = {
  email: Joi.string().allow(null).description('only for admins, not for moderators'),
  email_verified: Joi.boolean().description('only for admins, not for moderators'),
  external_id: Joi.string().allow(null).description('only for admins, not for moderators'),
};
export const userSchema = wireObject<User>('User', userFields, adminsOnly);

const banSchema = wireObject<Ban>('Ban', {
  reason: anyText().allow(null),
  until: time().allow(null).description('null: until it is lifted'),
  by: Joi.string().allow(null).description('who banned, by the audit log; null: not on record'),
  at: time().allow(null),
});
const adminUserFields = {
  ...userFields,
  last_seen_at: time().allow(null).description('of the last session, right within 10 minutes; null: never'),
  ban: banSchema.allow(null).description('null: not banned'),
  open_reports: count().description('open reports about the user'),
};
const adminUserSchema = wireObject<AdminUser>('AdminUser', adminUserFields, adminsOnly);
export const oneUserSchema = wireObject<OneUser>(
  'AdminUserDetails',
  {
    ...adminUserFields,
    counts: wireObject<OneUser['counts']>('UserCounts', {
      rooms: unanswered(),
      messages: unanswered().description('ever sent, with those that are deleted; null: see rooms'),
      files: unanswered(),
      file_bytes: unanswered(),
      sessions: unanswered(),
      reports_about: count(),
      reports_by: count(),
    }),
  },
  adminsOnly,
);

export const userList = wireObject<UserList>('UserList', {
  users: Joi.array().items(adminUserSchema),
  total: count(),
  skip: count(),
  limit: count(),
  ...pageFields(),
});

export const resetLinkSchema = wireObject<ResetLink>('ResetLink', {
  url: Joi.string().description('leads to the page that sets a new password; works once'),
  expires_at: time(),
});

const numbers = <K extends string>(...names: K[]) =>
  Object.fromEntries(names.map((name) => [name, count()])) as Record<K, Joi.NumberSchema>;

export const statisticsSchema = wireObject<Statistics>('Statistics', {
  users: wireObject<Statistics['users']>('UserStatistics', {
    ...numbers('total', 'active_24h', 'new_24h', 'banned'),
    online: known(),
  }),
  rooms: wireObject<Statistics['rooms']>('RoomStatistics', numbers('total', 'public', 'private', 'direct')),
  messages: wireObject<Statistics['messages']>(
    'MessageStatistics',
    numbers('total', 'last_24h', 'last_hour'),
  ).description('deleted messages are not counted'),
  files: wireObject<Statistics['files']>('FileStatistics', numbers('total', 'bytes')),
  connections: wireObject<Statistics['connections']>('ConnectionStatistics', {
    total: known(),
    by_node: Joi.object<Record<string, number>>().pattern(Joi.string(), count()),
  }),
  generated_at: time(),
});

export const entrySchema = wireObject<Json<Entry>>('AuditEntry', {
  id: Joi.string(),
  action: Joi.string(),
  actor_id: Joi.string(),
  target_id: Joi.string(),
  details: Joi.object<Record<string, unknown>>().unknown(),
  ip: anyText(),
  request_id: anyText(),
  outcome: oneOf('pending', 'done', 'refused', 'unknown'),
  error: Joi.string().allow(null).description('code of the error that refused the action'),
  created_at: time(),
});
export const auditList = wireList('AuditEntryList', 'entries', entrySchema);

const running = {
  version: Joi.string().allow(null),
  uptime_s: Joi.number().allow(null),
};
const look = { status: oneOf('ok', 'unavailable'), latency_ms: Joi.number() };
const backendSchema = wireObject<Health['database']>('BackendHealth', { ...look, ...running });

export const healthSchema = wireObject<Health>('SystemHealth', {
  status: oneOf('ok', 'degraded'),
  services: Joi.array().items(
    wireObject<InstanceHealth>('InstanceHealth', { name: Joi.string(), service: Joi.string(), ...look, ...running }),
  ),
  database: backendSchema,
  redis: backendSchema,
  queues: wireObject<Health['queues']>('QueueHealth', {
    ...look,
    counts: Joi.object<Record<string, Record<string, number>>>()
      .pattern(Joi.string(), Joi.object().pattern(Joi.string(), count()))
      .description('waiting, active, delayed and failed jobs per queue'),
  }),
  disk: wireObject<Health['disk']>('DiskHealth', {
    ...look,
    free_bytes: count().allow(null),
    total_bytes: count().allow(null),
  }).description('also unavailable when less than 2 % is free'),
  timestamp: time(),
});

export const exportSchema = wireObject<Export>('Export', {
  id: Joi.string(),
  status: oneOf('pending', 'ready'),
  size: count().allow(null).description('size of the archive in bytes'),
  created_at: time(),
  finished_at: time().allow(null),
  expires_at: time().allow(null).description('time at which the archive is removed'),
  url: Joi.string().allow(null).description('relative and signed; a new one in each response'),
  url_expires_at: time().allow(null),
});
