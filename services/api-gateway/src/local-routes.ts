import { count, describeRoutes, oneOf, type Route, route, time, wireObject } from '@chatapi/kit';
import Joi from 'joi';
import { accountRoutes } from './account-pages/routes.ts';
import { appRoutes } from './app-pages/routes.ts';
import type { Context } from './context.ts';
import { asset, realtimePage, restPage, sendDocument } from './docs-pages.ts';
import { asyncApi, openApi } from './documents.ts';
import { eventStreamRoute } from './event-stream-route.ts';
import { front } from './front-page.ts';
import { sendGuideAsset, sendGuidePage, sendGuideSearch } from './guide.ts';
import { type BasicHealth, type DatabaseHealth, databaseHealth } from './health.ts';
import { type LimitState, listLimits } from './rate-limits.ts';
import { type SdkFile, type SdkIndex, sdkIndex, sendSdk } from './sdk.ts';

const health = wireObject<BasicHealth>('Health', {
  status: oneOf('ok'),
  service: Joi.string(),
  version: Joi.string(),
  timestamp: time(),
});
const database = wireObject<DatabaseHealth>('DatabaseHealth', {
  status: oneOf('ok'),
  database: oneOf('ok'),
  timestamp: time(),
});
const rule = wireObject<LimitState>('RateLimit', {
  name: oneOf(
    'general',
    'uploads',
    'login',
    'login_address',
    'registrations',
    'websocket_messages',
    'websocket_frames',
    'upgrades',
    'docs',
    'hooks',
  ),
  limit: count().description('0: the limit is off'),
  window_s: count(),
  remaining: count().allow(null).description('null: the limit is off or does not apply to the caller'),
  reset: count().allow(null).description('time of the next reset, in Unix seconds'),
});
const limits = wireObject<{ limits: LimitState[] }>('RateLimitList', { limits: Joi.array().items(rule) });
const assetName = Joi.object<{ name: string }>({ name: Joi.string().required() });

const sdkFile = wireObject<SdkFile>('SdkFile', {
  name: Joi.string().description('of the package, or the script'),
  version: Joi.string(),
  file: Joi.string(),
  path: Joi.string().description('for `npm install`, `pip install` or the `src` of a script'),
  sha256: Joi.string().hex().description('of the file'),
  bytes: count(),
});
const sdk = wireObject<SdkIndex>('SdkIndex', { version: Joi.string(), files: Joi.array().items(sdkFile) });
const sdkBytes = { schema: { type: 'string', format: 'binary' } };
const sdkResponse = {
  responses: {
    200: {
      description: 'The file',
      content: { 'application/gzip': sdkBytes, 'application/zip': sdkBytes, 'text/javascript': sdkBytes },
    },
  },
};

const html = {
  responses: { 200: { description: 'HTML page', content: { 'text/html': { schema: { type: 'string' } } } } },
};
const file = { responses: { 200: { description: 'The asset' } } };
const json = {
  responses: { 200: { description: 'The document', content: { 'application/json': { schema: { type: 'object' } } } } },
};

type LocalRoute = Route<Context>;
const base = { method: 'get', who: 'anyone', scope: 'none' } as const;
const healthTag = 'Health';
const documents = { ...base, tag: 'Documents' } as const;

export const localRoutes: LocalRoute[] = [
  route({
    ...base,
    path: '/',
    tag: healthTag,
    summary: 'Check that the gateway is up',
    description: 'A browser gets a page with links to the console, the documents and the demo.',
    answer: health,
    raw: true,
    rule: front,
  }),
  route({
    ...base,
    path: '/test-db',
    tag: healthTag,
    summary: 'Check the connection to the database',
    answer: database,
    rule: (ctx) => databaseHealth(ctx),
  }),
  route({
    ...base,
    path: '/rate-limits',
    tag: 'Limits',
    summary: 'List the rate limits and what is left of them',
    answer: limits,
    rule: (ctx, call) => listLimits(ctx, call.identity),
  }),
  route({
    ...documents,
    path: '/docs',
    summary: 'Show the REST documentation',
    raw: true,
    docs: html,
    rule: (_ctx, call) => restPage(call),
  }),
  route({
    ...documents,
    path: '/docs/openapi.json',
    summary: 'Get the OpenAPI document of the REST API',
    raw: true,
    docs: json,
    rule: async (ctx, call) => sendDocument(call, await openApi(ctx, () => describeRoutes(localRoutes))),
  }),
  route({
    ...documents,
    path: '/docs/asyncapi.json',
    summary: 'Get the AsyncAPI document of the WebSocket',
    raw: true,
    docs: json,
    rule: async (ctx, call) => sendDocument(call, await asyncApi(ctx)),
  }),
  route({
    ...documents,
    path: '/docs/realtime',
    summary: 'Show the WebSocket documentation',
    raw: true,
    docs: html,
    rule: (_ctx, call) => realtimePage(call),
  }),
  route({
    ...documents,
    path: '/docs/guide',
    errors: [404],
    summary: 'Show the first page of the guide',
    raw: true,
    docs: html,
    rule: async ({ guide }, call) => sendGuidePage(guide, undefined, call),
  }),
  route({
    ...documents,
    path: '/docs/guide/search.json',
    errors: [404],
    summary: 'Get the texts that the search of the guide reads',
    raw: true,
    docs: json,
    rule: async ({ guide }, call) => sendGuideSearch(guide, call),
  }),
  route({
    ...documents,
    path: '/docs/guide/:page',
    errors: [404],
    summary: 'Show a page of the guide',
    params: Joi.object<{ page: string }>({ page: Joi.string().required() }),
    raw: true,
    docs: html,
    rule: async ({ guide }, call) => sendGuidePage(guide, call.params.page, call),
  }),
  route({
    ...documents,
    path: '/docs/guide/assets/:name',
    errors: [404],
    summary: 'Get an asset of the guide',
    params: assetName,
    raw: true,
    docs: file,
    rule: async ({ guide }, call) => sendGuideAsset(guide, call.params.name, call),
  }),
  route({
    ...documents,
    path: '/docs/assets/:name',
    summary: 'Get an asset of the documentation pages',
    params: assetName,
    raw: true,
    docs: file,
    rule: (_ctx, call) => asset(call),
  }),
  eventStreamRoute,
  ...accountRoutes,
  route({
    ...documents,
    path: '/sdk',
    summary: 'List the files of the SDKs of this version',
    answer: sdk,
    rule: () => sdkIndex(),
  }),
  route({
    ...documents,
    path: '/sdk/:name',
    summary: 'Get a file of the SDKs; pages of any origin may load it',
    params: assetName,
    raw: true,
    docs: sdkResponse,
    rule: (ctx, call) => sendSdk(ctx, call),
  }),
  ...appRoutes,
];
