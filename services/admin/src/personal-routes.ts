// What may be done with all of a person's data at once.
import { type Route, route } from '@chatapi/kit';
import type { Context } from './context.ts';
import { orderExport, showExport } from './exports.ts';
import { exportShape, idParams } from './shapes.ts';
import { eraseUser } from './users.ts';

const tag = 'Admin';
const params = idParams;

export const personalRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/admin/users/:id/export',
    summary: 'Have an archive made of all that a user wrote and uploaded',
    tag,
    who: 'admin',
    params,
    answer: exportShape,
    status: 202,
    rule: orderExport,
  }),
  route({
    method: 'get',
    path: '/admin/users/:id/export',
    summary: 'How far the archive is, and the link to it',
    tag,
    who: 'admin',
    params,
    answer: exportShape,
    rule: showExport,
  }),
  route({
    method: 'delete',
    path: '/admin/users/:id',
    summary: 'Erase a user and all that they wrote, for ever',
    tag,
    who: 'admin',
    params,
    rule: eraseUser,
  }),
];
