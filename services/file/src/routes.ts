import { type Paging, paging, type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { downloadContent, downloadThumbnail } from './downloads.ts';
import { deleteFile, listFiles, showFile } from './files.ts';
import { contentDocs, fileId, fileList, fileShape, thumbnailDocs, uploadDocs } from './shapes.ts';
import { upload } from './uploads.ts';

const tag = 'Files';
const listQuery = Joi.object<Paging>(paging());
const tokenQuery = Joi.object<{ token?: string }>({
  token: Joi.string().allow('').max(200).description('of a signed URL'),
});

export const routes: Route<Context>[] = [
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
