import { type Paging, paging, type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { downloadContent, downloadThumbnail } from './downloads.ts';
import { downloadExport, orderExport, showExport } from './exports.ts';
import { deleteFile, listFiles, showFile } from './files.ts';
import {
  contentDocs,
  exportDocs,
  exportShape,
  fileId,
  fileList,
  fileShape,
  thumbnailDocs,
  uploadDocs,
} from './shapes.ts';
import { upload } from './uploads.ts';

const tag = 'Files';
const listQuery = Joi.object<Paging>(paging());
const tokenQuery = Joi.object<{ token?: string }>({
  token: Joi.string().allow('').max(200).description('of a signed URL'),
});

const exporting: Route<Context>[] = [
  route<Context>({
    method: 'post',
    path: '/users/me/export',
    summary: 'Have an archive made of all that I wrote and uploaded',
    tag: 'Users',
    who: 'user',
    answer: exportShape,
    status: 202,
    rule: (ctx, { caller }) => orderExport(ctx, caller.user_id),
  }),
  route<Context>({
    method: 'get',
    path: '/users/me/export',
    summary: 'How far my export is, and the link to it',
    tag: 'Users',
    who: 'user',
    answer: exportShape,
    rule: (ctx, { caller }) => showExport(ctx, caller.user_id),
  }),
  route<Context, { id: string }, { token: string }>({
    method: 'get',
    path: '/files/exports/:id',
    summary: 'The archive of an export, by its signed link',
    tag,
    who: 'anyone',
    params: fileId,
    query: Joi.object({ token: Joi.string().max(200).required().description('of the signed link') }),
    raw: true,
    docs: exportDocs,
    rule: downloadExport,
  }),
];

export const routes: Route<Context>[] = [
  ...exporting,
  route<Context>({
    method: 'post',
    path: '/files/upload',
    summary: 'Upload a file',
    tag,
    who: 'user',
    answer: fileShape,
    status: 201,
    docs: uploadDocs,
    rule: (ctx, { caller, req }) => upload(ctx, caller, req),
  }),
  route<Context, Record<string, string>, Paging>({
    method: 'get',
    path: '/files',
    summary: 'My files, newest first',
    tag,
    who: 'user',
    query: listQuery,
    answer: fileList,
    rule: (ctx, { caller, query }) => listFiles(ctx, caller, query),
  }),
  route<Context, { id: string }>({
    method: 'get',
    path: '/files/:id',
    summary: 'What is known of a file',
    tag,
    who: 'user',
    params: fileId,
    answer: fileShape,
    rule: (ctx, { caller, params, request_id }) => showFile(ctx, caller, params.id, request_id),
  }),
  route<Context, { id: string }, { token?: string }>({
    method: 'get',
    path: '/files/:id/content',
    summary: 'A file’s bytes, whole or in part',
    tag,
    who: 'anyone',
    params: fileId,
    query: tokenQuery,
    raw: true,
    docs: contentDocs,
    rule: downloadContent,
  }),
  route<Context, { id: string }, { token?: string }>({
    method: 'get',
    path: '/files/:id/thumbnail',
    summary: 'A small picture of an image',
    tag,
    who: 'anyone',
    params: fileId,
    query: tokenQuery,
    raw: true,
    docs: thumbnailDocs,
    rule: downloadThumbnail,
  }),
  route<Context, { id: string }>({
    method: 'delete',
    path: '/files/:id',
    summary: 'Delete a file: its bytes and thumbnail are gone',
    tag,
    who: 'user',
    params: fileId,
    rule: (ctx, { caller, params, request_id }) => deleteFile(ctx, caller, params.id, request_id),
  }),
];
