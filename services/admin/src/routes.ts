import { type Route, route } from '@chatapi/kit';
import { showAuditLog } from './audit.ts';
import type { Context } from './context.ts';
import { systemHealth } from './health.ts';
import { deleteMessage } from './messages.ts';
import { moderationRoutes } from './moderation-routes.ts';
import { personalRoutes } from './personal-routes.ts';
import { rebuildStatistics } from './rebuild.ts';
import {
  auditList,
  auditQuery,
  banBody,
  healthShape,
  idParams,
  roleBody,
  statisticsShape,
  userList,
  userQuery,
  userShape,
} from './shapes.ts';
import { readStatistics } from './statistics.ts';
import { banUser, changeRole, endSessions, listUsers, unbanUser, unlockUser } from './users.ts';

const tag = 'Admin';
const params = idParams;

const reading: Route<Context>[] = [
  route({
    method: 'get',
    path: '/admin/dashboard/stats',
    summary: 'Statistics, right within 2 s',
    tag,
    who: 'moderator',
    answer: statisticsShape,
    rule: readStatistics,
  }),
  route({
    method: 'get',
    path: '/admin/users',
    summary: 'Users, newest first',
    tag,
    who: 'moderator',
    query: userQuery,
    answer: userList,
    rule: listUsers,
  }),
  route({
    method: 'get',
    path: '/admin/audit-log',
    summary: 'Who did what to whom, when, from where; newest first',
    tag,
    who: 'moderator',
    query: auditQuery,
    answer: auditList,
    rule: (ctx, { query }) => showAuditLog(ctx, query),
  }),
  route({
    method: 'get',
    path: '/admin/system/health',
    summary: 'Every service instance, database, Redis, queues and disk',
    tag,
    who: 'moderator',
    answer: healthShape,
    rule: systemHealth,
  }),
];

const acting: Route<Context>[] = [
  route({
    method: 'post',
    path: '/admin/dashboard/stats/rebuild',
    summary: 'Count everything anew from the services, while all goes on',
    tag,
    who: 'admin',
    answer: statisticsShape,
    rule: async (ctx, call) => {
      await rebuildStatistics(ctx, call);
      return readStatistics(ctx);
    },
  }),
  route({
    method: 'post',
    path: '/admin/users/:id/ban',
    summary: 'Ban a user, everywhere within 1 s',
    tag,
    who: 'admin',
    params,
    body: banBody,
    answer: userShape,
    rule: banUser,
  }),
  route({
    method: 'post',
    path: '/admin/users/:id/unban',
    summary: 'Lift a ban; old sessions stay ended',
    tag,
    who: 'admin',
    params,
    answer: userShape,
    rule: unbanUser,
  }),
  route({
    method: 'put',
    path: '/admin/users/:id/role',
    summary: 'Make a user, moderator or admin',
    tag,
    who: 'admin',
    params,
    body: roleBody,
    answer: userShape,
    rule: changeRole,
  }),
  route({
    method: 'post',
    path: '/admin/users/:id/unlock',
    summary: 'Forgive failed logins',
    tag,
    who: 'admin',
    params,
    rule: unlockUser,
  }),
  route({
    method: 'delete',
    path: '/admin/users/:id/sessions',
    summary: 'End all sessions of a user',
    tag,
    who: 'admin',
    params,
    rule: endSessions,
  }),
  route({
    method: 'delete',
    path: '/admin/messages/:id',
    summary: 'Delete a message',
    tag,
    who: 'admin',
    params,
    rule: deleteMessage,
  }),
];

export const routes: Route<Context>[] = [...reading, ...acting, ...moderationRoutes, ...personalRoutes];
