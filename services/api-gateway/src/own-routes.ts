import { describeRoutes, type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { asyncApi, openApi } from './documents.ts';
import { basicHealth, databaseHealth } from './health.ts';
import { listLimits } from './limits.ts';
import { asset, realtimePage, restPage } from './pages.ts';

const time = Joi.string().isoDate().required();
const health = Joi.object({
  status: Joi.string().valid('ok').required(),
  service: Joi.string().required(),
  version: Joi.string().required(),
  timestamp: time,
});
const database = Joi.object({
  status: Joi.string().valid('ok').required(),
  database: Joi.string().valid('ok').required(),
  timestamp: time,
});
const rule = Joi.object({
  name: Joi.string().valid('general', 'uploads', 'login', 'websocket_messages').required(),
  limit: Joi.number().integer().required().description('0: off'),
  window_s: Joi.number().integer().required(),
  remaining: Joi.number().integer().allow(null).required().description('null: off, or not counted for this caller'),
  reset: Joi.number().integer().allow(null).required().description('Unix seconds'),
});
const limits = Joi.object({ limits: Joi.array().items(rule).required() });
const assetName = Joi.object<{ name: string }>({ name: Joi.string().required() });

const html = {
  responses: { 200: { description: 'A page', content: { 'text/html': { schema: { type: 'string' } } } } },
};
const file = { responses: { 200: { description: 'A file of the pages' } } };
const json = {
  responses: { 200: { description: 'The document', content: { 'application/json': { schema: { type: 'object' } } } } },
};

type Own = Route<Context>;
const own = { method: 'get', who: 'anyone' } as const;
const healthTag = 'Health';
const documents = { ...own, tag: 'Documents' } as const;

export const ownRoutes: Own[] = [
  route({ ...own, path: '/', tag: healthTag, summary: 'Basic health check', answer: health, rule: basicHealth }),
  route({
    ...own,
    path: '/test-db',
    tag: healthTag,
    summary: 'Database connectivity check',
    answer: database,
    rule: (ctx) => databaseHealth(ctx),
  }),
  route({
    ...own,
    path: '/rate-limits',
    tag: 'Limits',
    summary: 'Every limit, and what is left of it for the caller',
    answer: limits,
    rule: (ctx, call) => listLimits(ctx, call.identity),
  }),
  route({
    ...documents,
    path: '/docs',
    summary: 'This documentation',
    raw: true,
    docs: html,
    rule: (_ctx, call) => restPage(call),
  }),
  route({
    ...documents,
    path: '/docs/openapi.json',
    summary: 'OpenAPI document of the REST API',
    docs: json,
    rule: (ctx) => openApi(ctx, describeRoutes(ownRoutes)),
  }),
  route({
    ...documents,
    path: '/docs/asyncapi.json',
    summary: 'AsyncAPI document of the WebSocket',
    docs: json,
    rule: (ctx) => asyncApi(ctx),
  }),
  route({
    ...documents,
    path: '/docs/realtime',
    summary: 'Documentation of the WebSocket',
    raw: true,
    docs: html,
    rule: (_ctx, call) => realtimePage(call),
  }),
  route({
    ...documents,
    path: '/docs/assets/:name',
    summary: 'What the pages load',
    params: assetName,
    raw: true,
    docs: file,
    rule: (_ctx, call) => asset(call),
  }),
];
