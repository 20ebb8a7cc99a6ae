// What the installation stores: all files, and exports of accounts.
import {
  count,
  type IdPaging,
  idPaging,
  oneOf,
  type PageInfo,
  type RequestContext,
  type Route,
  route,
  time,
  wireList,
  wireObject,
} from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { type FileFilter, type ListedFile, pageQueryOf } from './people/one-user.ts';
import { fileQuery, listedFileList } from './people/one-user-routes.ts';

interface ListedExport {
  id: string;
  user_id: string;
  status: 'pending' | 'ready';
  size: number | null;
  created_at: string;
  finished_at: string | null;
  expires_at: string | null;
}

const exportSchema = wireObject<ListedExport>('ListedExport', {
  id: Joi.string(),
  user_id: Joi.string(),
  status: oneOf('pending', 'ready'),
  size: count().allow(null).description('size of the archive in bytes'),
  created_at: time(),
  finished_at: time().allow(null),
  expires_at: time().allow(null).description('time at which the archive is removed'),
});

type Call<Q> = RequestContext<Record<string, string>, Q>;

const listFiles = async (ctx: Context, { query, request_id }: Call<FileFilter>) =>
  await ctx.file.call<{ files: ListedFile[] } & PageInfo>('GET', '/internal/files', {
    query: pageQueryOf(query),
    request_id,
  });

const listExports = async (ctx: Context, { query, request_id }: Call<IdPaging>) =>
  await ctx.file.call<{ exports: ListedExport[] } & PageInfo>('GET', '/internal/exports', {
    query: pageQueryOf(query),
    request_id,
  });

const tag = 'Admin';

export const storageRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/admin/files',
    summary: 'List all files, newest or largest first, without links; totals are in the statistics',
    tag,
    who: 'admin',
    scope: 'none',
    query: fileQuery,
    answer: listedFileList,
    rule: listFiles,
  }),
  route({
    method: 'get',
    path: '/admin/exports',
    summary: 'List exports of accounts, newest first, without links',
    tag,
    who: 'admin',
    scope: 'none',
    query: Joi.object<IdPaging>(idPaging()),
    answer: wireList('ListedExportList', 'exports', exportSchema),
    rule: listExports,
  }),
];
