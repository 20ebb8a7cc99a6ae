import { type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { sendApp, sendAsset } from './app.ts';
import { sendDemo } from './demo.ts';

const base = { method: 'get', who: 'anyone', scope: 'none', tag: 'Pages', raw: true } as const;
const text = { schema: { type: 'string' } };
const page = { responses: { 200: { description: 'HTML page', content: { 'text/html': text } } } };
const asset = {
  responses: { 200: { description: 'The asset', content: { 'text/css': text, 'text/javascript': text } } },
};
const params = Joi.object<{ name: string }>({ name: Joi.string().required() });

export const appRoutes: Route<Context>[] = [
  route({
    ...base,
    path: '/demo',
    summary: 'Show the demo, where DEMO is on',
    docs: page,
    rule: async ({ demo }, call) => sendDemo(demo, call),
  }),
  route({
    ...base,
    path: '/demo/assets/:name',
    summary: 'Get an asset of the demo',
    params,
    docs: asset,
    rule: async ({ demo }, call) => sendAsset(demo, call.params.name, call),
  }),
  route({
    ...base,
    path: '/console',
    summary: 'Show the admin console, unless CONSOLE is off',
    docs: page,
    rule: async ({ console }, call) => sendApp(console, call, {}),
  }),
  route({
    ...base,
    path: '/console/assets/:name',
    summary: 'Get an asset of the admin console',
    params,
    docs: asset,
    rule: async ({ console }, call) => sendAsset(console, call.params.name, call),
  }),
];
