import { idParams, type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { reportPage } from './exports.ts';
import { internalSeriesRoutes } from './series/internal-routes.ts';
import { nodeRoutes } from './staff-feed/internal-routes.ts';

export const internalRoutes: Route<Context>[] = [
  route<Context, { id: string }, { after: string }>({
    method: 'get',
    path: '/internal/users/:id/export/reports',
    summary: 'List the reports of a user, for the export of the account',
    who: ['file'],
    params: idParams,
    query: Joi.object({ after: Joi.string().allow('').default('') }),
    rule: (ctx, { params, query }) => reportPage(ctx, params.id, query.after),
  }),
  ...internalSeriesRoutes,
  ...nodeRoutes,
];
