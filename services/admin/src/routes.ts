import { idParams, type Route, route } from '@chatapi/kit';
import { applicationKeyRoutes } from './application-key-routes.ts';
import { showAuditLog } from './audit.ts';
import { csvDocs, downloadAuditLog } from './audit-csv.ts';
import type { Context } from './context.ts';
import { deliveryRoutes } from './delivery/delivery-routes.ts';
import { systemHealth } from './health.ts';
import { inviteRoutes } from './invite-routes.ts';
import { issuerRoutes } from './issuer-routes.ts';
import { deleteMessage } from './message-deletion.ts';
import { messageSearchRoutes } from './message-search/message-search-routes.ts';
import { reportRoutes } from './moderation/report-routes.ts';
import { moderationRoutes } from './moderation-routes.ts';
import { oneUserRoutes } from './people/one-user-routes.ts';
import { personalDataRoutes } from './personal-data-routes.ts';
import { roomRoutes } from './room-routes.ts';
import { seriesRoutes } from './series/series-routes.ts';
import {
  auditCsvQuery,
  auditList,
  auditQuery,
  banBody,
  healthSchema,
  resetLinkSchema,
  roleBody,
  statisticsSchema,
  userList,
  userQuery,
  userSchema,
} from './shapes.ts';
import { readStatistics } from './statistics.ts';
import { rebuildStatistics } from './statistics-rebuild.ts';
import { storageRoutes } from './storage-routes.ts';
import { banUser, changeRole, endSessions, listUsers, makeResetLink, unbanUser, unlockUser } from './users.ts';

const tag = 'Admin';
const params = idParams;

const reading: Route<Context>[] = [
  route({
    method: 'get',
    path: '/admin/dashboard/stats',
    summary: 'Get statistics, at most 2 s old',
    tag,
    who: 'moderator',
    scope: 'stats:read',
    answer: statisticsSchema,
    rule: readStatistics,
  }),
  route({
    method: 'get',
    path: '/admin/users',
    summary: 'List users with bans and open reports, newest first or as `sort` says',
    tag,
    who: 'moderator',
    scope: 'none',
    query: userQuery,
    answer: userList,
    rule: listUsers,
  }),
  route({
    method: 'get',
    path: '/admin/audit-log',
    summary: 'List audit log entries, newest first',
    tag,
    who: 'moderator',
    scope: 'none',
    query: auditQuery,
    answer: auditList,
    rule: (ctx, { query }) => showAuditLog(ctx, query),
  }),
  route({
    method: 'get',
    path: '/admin/audit-log.csv',
    summary: 'Download audit log entries as CSV, newest first',
    description: 'Streamed. No value begins a formula. The download itself is in the log.',
    tag,
    who: 'moderator',
    scope: 'none',
    query: auditCsvQuery,
    raw: true,
    docs: csvDocs,
    rule: downloadAuditLog,
  }),
  route({
    method: 'get',
    path: '/admin/system/health',
    summary: 'Check every service instance, database, Redis, queues and disk',
    tag,
    who: 'moderator',
    scope: 'none',
    answer: healthSchema,
    rule: systemHealth,
  }),
];

const acting: Route<Context>[] = [
  route({
    method: 'post',
    path: '/admin/dashboard/stats/rebuild',
    summary: 'Rebuild the statistics from the services',
    tag,
    who: 'admin',
    scope: 'none',
    answer: statisticsSchema,
    rule: async (ctx, call) => {
      await rebuildStatistics(ctx, call);
      return readStatistics(ctx);
    },
  }),
  route({
    method: 'post',
    path: '/admin/users/:id/ban',
    summary: 'Ban a user; takes effect within 1 s. Moderators: for at most 24 hours, and no staff',
    tag,
    who: 'moderator',
    scope: 'moderation:write',
    params,
    body: banBody,
    example: { reason: 'Spam', until: '2100-01-01T00:00:00.000Z' },
    answer: userSchema,
    rule: banUser,
  }),
  route({
    method: 'post',
    path: '/admin/users/:id/unban',
    summary: 'Lift a ban; ended sessions stay ended',
    tag,
    who: 'admin',
    scope: 'none',
    params,
    answer: userSchema,
    rule: unbanUser,
  }),
  route({
    method: 'put',
    path: '/admin/users/:id/role',
    summary: 'Change the role of a user',
    tag,
    who: 'admin',
    scope: 'none',
    params,
    body: roleBody,
    example: { role: 'moderator' },
    answer: userSchema,
    errors: [409],
    rule: changeRole,
  }),
  route({
    method: 'post',
    path: '/admin/users/:id/unlock',
    summary: 'Lift the login lockout of a user',
    tag,
    who: 'admin',
    scope: 'none',
    params,
    rule: unlockUser,
  }),
  route({
    method: 'post',
    path: '/admin/users/:id/password-reset',
    summary: 'Make a link with which the user sets a new password; it works once, and without mail',
    tag,
    who: 'admin',
    scope: 'none',
    params,
    answer: resetLinkSchema,
    errors: [404],
    rule: makeResetLink,
  }),
  route({
    method: 'delete',
    path: '/admin/users/:id/sessions',
    summary: 'End all sessions of a user',
    tag,
    who: 'admin',
    scope: 'none',
    params,
    rule: endSessions,
  }),
  route({
    method: 'delete',
    path: '/admin/messages/:id',
    summary: 'Delete a message; moderators: a reported one, not of staff',
    tag,
    who: 'moderator',
    scope: 'moderation:write',
    params,
    rule: deleteMessage,
  }),
];

export const routes: Route<Context>[] = [
  ...reading,
  ...acting,
  ...seriesRoutes,
  ...deliveryRoutes,
  ...messageSearchRoutes,
  ...storageRoutes,
  ...oneUserRoutes,
  ...moderationRoutes,
  ...reportRoutes,
  ...roomRoutes,
  ...applicationKeyRoutes,
  ...personalDataRoutes,
  ...issuerRoutes,
  ...inviteRoutes,
];
