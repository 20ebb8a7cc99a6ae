import { type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { orderExport, showExport } from './exports.ts';
import { fileStates } from './file-store.ts';
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
  route({
    method: 'post',
    path: '/internal/files/states',
    summary: 'Files as they are counted: these, or a page in order of id',
    who: 'service',
    body: Joi.object<{ ids?: string[]; after: string; limit: number }>({
      ids: Joi.array().items(Joi.string()).max(1000),
      after: Joi.string().allow('').default(''),
      limit: Joi.number().integer().min(1).max(1000).default(1000),
    }),
    rule: async (ctx: Context, { body }) => ({ states: await fileStates(ctx.db, body) }),
  }),
];
