import { type Route, route, timestamp } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { type RequestCounts, saveRequests } from './series-store.ts';

const total = () => Joi.number().integer().min(0).required();
const counted = Joi.object<{ source: string; minutes: RequestCounts[] }>({
  source: Joi.string().max(64).required(),
  minutes: Joi.array()
    .items(Joi.object({ minute: timestamp().required(), requests: total(), errors: total(), rate_limited: total() }))
    .max(1000)
    .required(),
});

export const internalSeriesRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/internal/request-counts',
    summary: 'Save how many requests a gateway answered, by the minute',
    who: ['api-gateway'],
    body: counted,
    rule: (ctx: Context, { body }) => saveRequests(ctx.db, body.source, body.minutes),
  }),
];
