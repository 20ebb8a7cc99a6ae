// For realtime nodes: what they push to staff, and the log of their connections.
import { type Route, route, timestamp } from '@chatapi/kit';
import Joi from 'joi';
import { type LoggedConnection, saveConnections } from '../connections/connection-log-store.ts';
import type { Context } from '../context.ts';
import { readStaffFeed } from './staff-feed.ts';
import { describeFrames } from './staff-frames.ts';

// PostgreSQL reads the items and refuses other types: to check each here would cost more than to
// save it, and idle connections pay for it.
const connections = Joi.object<{ node: string; instance: string; connections: LoggedConnection[] }>({
  node: Joi.string().max(128).required(),
  instance: Joi.string().max(128).required(),
  connections: Joi.array<LoggedConnection[]>().max(2000).required(),
});

export const nodeRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/internal/staff-feed',
    summary: 'Get figures, and what is new for staff since a time',
    who: ['realtime-gateway'],
    body: Joi.object<{ since?: string }>({ since: timestamp() }),
    rule: (ctx: Context, { body }) => readStaffFeed(ctx, body.since),
  }),
  route({
    method: 'post',
    path: '/internal/connections',
    summary: 'Save connections that a node opened and closed',
    who: ['realtime-gateway'],
    body: connections,
    rule: (ctx: Context, { body }) => saveConnections(ctx.db, body.node, body.instance, body.connections),
  }),
  route({
    method: 'get',
    path: '/internal/frames',
    summary: 'Get the schemas of the frames that this service makes',
    who: ['realtime-gateway'],
    rule: async () => describeFrames(),
  }),
];
