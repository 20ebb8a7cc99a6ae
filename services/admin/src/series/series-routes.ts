import { count, oneOf, type Route, route, time, timestamp, wireObject } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { type Series, type SeriesQuery, showSeries } from './series.ts';
import { METRICS } from './series-store.ts';

const metric = () => oneOf(...METRICS);

const query = Joi.object<SeriesQuery>({
  metric: metric()
    .required()
    .example('messages')
    .description('users_online and connections: the most at a time; errors: answers with a status of 500 or more'),
  from: timestamp().description('at most 30 days ago; default: a day before `to`'),
  to: timestamp().description('the first time that counts no more; default: now'),
  step: Joi.number()
    .integer()
    .min(60)
    .max(86_400)
    .multiple(60)
    .description('seconds per point; at most 1,000 points; default: so that there are at most 300'),
});

const seriesSchema = wireObject<Series>('Series', {
  metric: metric(),
  from: time(),
  to: time(),
  step: count().description('in seconds'),
  points: Joi.array()
    .items(
      wireObject<Series['points'][number]>('SeriesPoint', {
        at: time().description('its begin'),
        value: count().allow(null).description('null: not known'),
      }),
    )
    .description('oldest first; the last one may go on'),
});

export const seriesRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/admin/dashboard/series',
    summary: 'Get a series for a chart, of the last 30 days by the minute',
    tag: 'Admin',
    who: 'moderator',
    scope: 'none',
    query,
    answer: seriesSchema,
    rule: showSeries,
  }),
];
