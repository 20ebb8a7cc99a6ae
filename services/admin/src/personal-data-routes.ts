import { idParams, type Route, route } from '@chatapi/kit';
import type { Context } from './context.ts';
import { requestExport, showExport } from './exports.ts';
import { exportSchema } from './shapes.ts';
import { eraseUser } from './users.ts';

const tag = 'Admin';
const params = idParams;

export const personalDataRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/admin/users/:id/export',
    summary: 'Request a data export of a user',
    tag,
    who: 'admin',
    scope: 'none',
    params,
    answer: exportSchema,
    status: 202,
    rule: requestExport,
  }),
  route({
    method: 'get',
    path: '/admin/users/:id/export',
    summary: 'Get the status and download link of a user’s data export',
    tag,
    who: 'admin',
    scope: 'none',
    params,
    answer: exportSchema,
    rule: showExport,
  }),
  route({
    method: 'delete',
    path: '/admin/users/:id',
    summary: 'Erase a user and all of their data permanently',
    tag,
    who: 'admin',
    scope: 'none',
    params,
    rule: eraseUser,
  }),
];
