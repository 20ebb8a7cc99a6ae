// The shapes that clients see, for validation where they come in and for the documents.
import { paging, type Role, say, text } from '@chatapi/kit';
import Joi from 'joi';
import type { EntryFilter } from './audit-store.ts';
import type { BanOrder, UserFilter } from './users.ts';

const role = () => Joi.string().valid('user', 'moderator', 'admin');
const status = () => Joi.string().valid('active', 'banned');
const time = () => Joi.string().isoDate().required();
const count = () => Joi.number().integer().required();
/** null: not known, since Redis is away. */
const known = () => count().allow(null).description('null while Redis is away');
const id = () => Joi.string().pattern(/^[A-Za-z0-9_-]{1,64}$/);

export const idParams = Joi.object<{ id: string }, true>({ id: id().required() });

export const userQuery = Joi.object<UserFilter>({
  ...paging(),
  search: Joi.string()
    .allow('')
    .max(254)
    .description('in username, for admins in email too; `%` and `_` are themselves'),
  status_filter: status(),
  role_filter: role(),
});

export const banBody = Joi.object<BanOrder, true>({
  reason: text({ max: 500 }).allow(null),
  until: Joi.string()
    .isoDate()
    .allow(null)
    .custom((value: string, h) =>
      value !== null && Date.parse(value) <= Date.now() ? say(h, 'must lie in the future') : value,
    )
    .description('the ban ends by itself then; unset: it stays until lifted'),
});

export const roleBody = Joi.object<{ role: Role }, true>({ role: role().required() });

export const auditQuery = Joi.object<EntryFilter>({
  ...paging(),
  actor_id: id(),
  target_id: id(),
  action: Joi.string().max(64),
});

export const userShape = Joi.object({
  id: Joi.string().required(),
  username: Joi.string().required(),
  email: Joi.string().description('for admins, not for moderators'),
  display_name: Joi.string().required(),
  bio: Joi.string().allow('').required(),
  avatar_url: Joi.string().allow(null).required(),
  role: role().required(),
  status: status().required(),
  created_at: time(),
  updated_at: time(),
});

export const userList = Joi.object({
  users: Joi.array().items(userShape).required(),
  total: count(),
  skip: count(),
  limit: count(),
  has_more: Joi.boolean().required(),
});

export const statisticsShape = Joi.object({
  users: Joi.object({
    total: count(),
    active_24h: count(),
    new_24h: count(),
    online: known(),
    banned: count(),
  }).required(),
  rooms: Joi.object({ total: count(), public: count(), private: count(), direct: count() }).required(),
  messages: Joi.object({ total: count(), last_24h: count(), last_hour: count() })
    .required()
    .description('without deleted ones'),
  files: Joi.object({ total: count(), bytes: count() }).required(),
  connections: Joi.object({
    total: known(),
    by_node: Joi.object().pattern(Joi.string(), Joi.number().integer()).required(),
  }).required(),
  generated_at: time(),
});

export const auditList = Joi.object({
  entries: Joi.array()
    .items(
      Joi.object({
        id: Joi.string().required(),
        action: Joi.string().required(),
        actor_id: Joi.string().required(),
        target_id: Joi.string().required(),
        details: Joi.object().required(),
        ip: Joi.string().allow('').required(),
        request_id: Joi.string().required(),
        outcome: Joi.string().valid('pending', 'done', 'refused', 'unknown').required(),
        error: Joi.string().allow(null).required().description('code of the error that refused the act'),
        created_at: time(),
      }),
    )
    .required(),
  has_more: Joi.boolean().required(),
});

const running = {
  version: Joi.string().allow(null).required(),
  uptime_s: Joi.number().allow(null).required(),
};
const look = { status: Joi.string().valid('ok', 'unavailable').required(), latency_ms: Joi.number().required() };

export const healthShape = Joi.object({
  status: Joi.string().valid('ok', 'degraded').required(),
  services: Joi.array()
    .items(
      Joi.object({
        name: Joi.string().required(),
        service: Joi.string().required(),
        ...look,
        ...running,
      }),
    )
    .required(),
  database: Joi.object({ ...look, ...running }).required(),
  redis: Joi.object({ ...look, ...running }).required(),
  queues: Joi.object({
    ...look,
    counts: Joi.object().required().description('jobs waiting, active, delayed and failed by queue'),
  }).required(),
  disk: Joi.object({
    ...look,
    free_bytes: Joi.number().integer().allow(null).required(),
    total_bytes: Joi.number().integer().allow(null).required(),
  })
    .required()
    .description('unavailable also when less than 2 % of it is free'),
  timestamp: time(),
});

export const exportShape = Joi.object({
  id: Joi.string().required(),
  status: Joi.string().valid('pending', 'ready').required(),
  size: Joi.number().integer().allow(null).required().description('bytes of the archive'),
  created_at: time(),
  finished_at: Joi.string().isoDate().allow(null).required(),
  expires_at: Joi.string().isoDate().allow(null).required().description('then the archive is removed'),
  url: Joi.string().allow(null).required().description('relative and signed; a fresh one at each look'),
  url_expires_at: Joi.string().isoDate().allow(null).required(),
});
