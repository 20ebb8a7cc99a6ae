import { type IdPaging, idPaging, type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import { avatarRoutes } from './avatars/avatar-routes.ts';
import type { Context } from './context.ts';
import { downloadContent, downloadThumbnail } from './downloads.ts';
import { downloadExport, requestExport, showExport } from './exports/exports.ts';
import { deleteFile, listFiles, showFile } from './file-access.ts';
import {
  contentDocs,
  exportDocs,
  exportSchema,
  fileId,
  fileList,
  fileSchema,
  thumbnailDocs,
  uploadDocs,
} from './shapes.ts';
import { upload } from './uploads/upload.ts';

const tag = 'Files';
const listQuery = Joi.object<IdPaging>(idPaging());
const tokenQuery = Joi.object<{ token?: string }>({
  token: Joi.string().allow('').max(200).description('token of a signed URL'),
});

const exporting: Route<Context>[] = [
  route<Context>({
    method: 'post',
    path: '/users/me/export',
    summary: 'Request a data export',
    tag: 'Users',
    who: 'user',
    scope: 'none',
    answer: exportSchema,
    status: 202,
    errors: [404],
    rule: (ctx, { caller }) => requestExport(ctx, caller.user_id),
  }),
  route<Context>({
    method: 'get',
    path: '/users/me/export',
    summary: 'Get the status and download link of the data export',
    tag: 'Users',
    who: 'user',
    scope: 'none',
    answer: exportSchema,
    errors: [404],
    rule: (ctx, { caller }) => showExport(ctx, caller.user_id),
  }),
  route<Context, { id: string }, { token: string }>({
    method: 'get',
    path: '/files/exports/:id',
    summary: 'Download the archive of a data export by its signed link',
    tag,
    who: 'anyone',
    scope: 'none',
    params: fileId,
    query: Joi.object({
      token: Joi.string().max(200).required().example('of-the-link').description('token of the signed link'),
    }),
    raw: true,
    errors: [403],
    docs: exportDocs,
    rule: downloadExport,
  }),
];

export const routes: Route<Context>[] = [
  ...exporting,
  ...avatarRoutes,
  route<Context>({
    method: 'post',
    path: '/files/upload',
    summary: 'Upload a file',
    tag,
    who: 'user',
    scope: 'files:write',
    answer: fileSchema,
    status: 201,
    docs: uploadDocs,
    errors: [408],
    rule: (ctx, { caller, req }) => upload(ctx, caller, req),
  }),
  route<Context, Record<string, string>, IdPaging>({
    method: 'get',
    path: '/files',
    summary: 'List own files, newest first',
    tag,
    who: 'user',
    scope: 'files:read',
    query: listQuery,
    answer: fileList,
    rule: (ctx, { caller, query }) => listFiles(ctx, caller, query),
  }),
  route<Context, { id: string }>({
    method: 'get',
    path: '/files/:id',
    summary: 'Get file metadata',
    tag,
    who: 'user',
    scope: 'files:read',
    params: fileId,
    answer: fileSchema,
    rule: (ctx, { caller, params, request_id }) => showFile(ctx, { ...caller, request_id }, params.id),
  }),
  route<Context, { id: string }, { token?: string }>({
    method: 'get',
    path: '/files/:id/content',
    summary: 'Download a file, whole or in part',
    tag,
    who: 'anyone',
    scope: 'files:read',
    params: fileId,
    query: tokenQuery,
    raw: true,
    errors: [403, 416],
    docs: contentDocs,
    rule: downloadContent,
  }),
  route<Context, { id: string }, { token?: string }>({
    method: 'get',
    path: '/files/:id/thumbnail',
    summary: 'Download the thumbnail of an image',
    tag,
    who: 'anyone',
    scope: 'files:read',
    params: fileId,
    query: tokenQuery,
    raw: true,
    errors: [403],
    docs: thumbnailDocs,
    rule: downloadThumbnail,
  }),
  route<Context, { id: string }>({
    method: 'delete',
    path: '/files/:id',
    summary: 'Delete a file with its bytes and thumbnail',
    tag,
    who: 'user',
    scope: 'files:write',
    params: fileId,
    rule: (ctx, { caller, params, request_id }) => deleteFile(ctx, { ...caller, request_id }, params.id),
  }),
];
