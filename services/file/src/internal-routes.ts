import { type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { orderExport, showExport } from './exports.ts';
import { demandSeen, snapshots } from './files.ts';
import { fileId } from './shapes.ts';

interface ByIds {
  ids: string[];
  user_id: string;
}

const byIds = Joi.object<ByIds, true>({
  ids: Joi.array()
    .items(Joi.string().pattern(/^[A-Za-z0-9_-]{1,64}$/))
    .max(100)
    .required(),
  user_id: Joi.string().required(),
});

export const internalRoutes: Route<Context>[] = [
  route<Context, Record<string, string>, Record<string, unknown>, ByIds>({
    method: 'post',
    path: '/internal/files/by-ids',
    summary: 'Those of these files that the user may attach',
    who: 'service',
    body: byIds,
    rule: (ctx, { body }) => snapshots(ctx, body.ids, body.user_id),
  }),
  route({
    method: 'get',
    path: '/internal/files/:id/seen-by/:user_id',
    summary: 'A file, if this user may read it',
    who: 'service',
    rule: (ctx: Context, { params, request_id }) =>
      demandSeen(ctx, params.id as string, params.user_id as string, request_id),
  }),
  route<Context, { id: string }>({
    method: 'post',
    path: '/internal/users/:id/export',
    summary: 'Order the export of a user on behalf of an admin',
    who: 'service',
    params: fileId,
    rule: (ctx, { params }) => orderExport(ctx, params.id),
  }),
  route<Context, { id: string }>({
    method: 'get',
    path: '/internal/users/:id/export',
    summary: 'How far it is',
    who: 'service',
    params: fileId,
    rule: (ctx, { params }) => showExport(ctx, params.id),
  }),
];
