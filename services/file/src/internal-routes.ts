import { anyId, cursorKey, type IdPaging, idOf, idPaging, idParams, paging, type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { exportList, requestExport, showExport } from './exports/exports.ts';
import { deleteFile, listFilesForAdmin, requireVisible, snapshots } from './file-access.ts';
import { type FileFilter, type FileKey, fileStates, totalsOf } from './file-store.ts';
import { fileId } from './shapes.ts';

interface ByIds {
  ids: string[];
  user_id: string;
}

const byIds = Joi.object<ByIds, true>({
  ids: Joi.array().items(idOf('file')).max(100).required(),
  user_id: idOf('usr').required(),
});

const seenBy = Joi.object<{ id: string; user_id: string }, true>({
  id: anyId().required(),
  user_id: idOf('usr').required(),
});

/** The admin who gets the link; instances of the previous release do not name one. */
const viewerQuery = Joi.object<{ viewer_id?: string }, true>({ viewer_id: idOf('usr') });

const place = Joi.alternatives(cursorKey(idOf('file')), cursorKey(Joi.number().integer().min(0), idOf('file')));
const listQuery = Joi.object<FileFilter>({
  ...paging<FileKey>(place),
  uploaded_by: idOf('usr'),
  sort: Joi.string<FileFilter['sort']>().valid('created', 'size').default('created'),
});

export const internalRoutes: Route<Context>[] = [
  route<Context, Record<string, string>, Record<string, unknown>, ByIds>({
    method: 'post',
    path: '/internal/files/by-ids',
    summary: 'Get the files that a user may attach, and the ids of those that the user may only read',
    who: ['message'],
    body: byIds,
    rule: (ctx, { body }) => snapshots(ctx, body.ids, body.user_id),
  }),
  route({
    method: 'get',
    path: '/internal/files/:id/seen-by/:user_id',
    summary: 'Get a file if the user may read it',
    who: ['admin'],
    params: seenBy,
    // Separated by commas: they limit a bot's token.
    query: Joi.object<{ rooms?: string }>({ rooms: Joi.string().allow('') }),
    rule: (ctx: Context, { params, query, request_id }) =>
      requireVisible(ctx, params.id, params.user_id, request_id, query.rooms?.split(',')),
  }),
  route<Context, { id: string }, { viewer_id?: string }>({
    method: 'post',
    path: '/internal/users/:id/export',
    summary: 'Request a data export of a user on behalf of an admin',
    who: ['admin'],
    params: fileId,
    query: viewerQuery,
    rule: (ctx, { params, query }) => requestExport(ctx, params.id, query.viewer_id),
  }),
  route<Context, { id: string }, { viewer_id?: string }>({
    method: 'get',
    path: '/internal/users/:id/export',
    summary: 'Get the status and download link of a user’s data export',
    who: ['admin'],
    params: fileId,
    query: viewerQuery,
    rule: (ctx, { params, query }) => showExport(ctx, params.id, query.viewer_id),
  }),
  route({
    method: 'get',
    path: '/internal/files',
    summary: 'List files of all users or of one for admins, without links',
    who: ['admin'],
    query: listQuery,
    rule: (ctx: Context, { query }) => listFilesForAdmin(ctx, query),
  }),
  route({
    method: 'delete',
    path: '/internal/files/:id',
    summary: 'Delete a file on behalf of an admin',
    who: ['admin'],
    params: idParams,
    body: Joi.object<{ actor_id: string; ip: string }>({
      actor_id: anyId().required(),
      ip: Joi.string().allow('').required(),
    }),
    rule: (ctx: Context, { params, body: { actor_id, ip }, request_id }) =>
      deleteFile(ctx, { user_id: actor_id, role: 'admin', ip, request_id }, params.id),
  }),
  route({
    method: 'get',
    path: '/internal/exports',
    summary: 'List exports of accounts for admins, newest first',
    who: ['admin'],
    query: Joi.object<IdPaging>(idPaging()),
    rule: (ctx: Context, { query }) => exportList(ctx, query),
  }),
  route({
    method: 'get',
    path: '/internal/users/:id/file-totals',
    summary: 'Count the files of a user and their bytes',
    who: ['admin'],
    params: idParams,
    rule: (ctx: Context, { params }) => totalsOf(ctx.db, params.id),
  }),
  route({
    method: 'post',
    path: '/internal/files/states',
    summary: 'Get file states for statistics: by ids, or a page in order of id',
    who: ['admin'],
    body: Joi.object<{ ids?: string[]; after: string; limit: number }>({
      ids: Joi.array().items(Joi.string()).max(1000),
      after: Joi.string().allow('').default(''),
      limit: Joi.number().integer().min(1).max(1000).default(1000),
    }),
    rule: async (ctx: Context, { body }) => ({ states: await fileStates(ctx.db, body) }),
  }),
];
