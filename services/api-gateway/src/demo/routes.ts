import { type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { sendDemo, sendDemoAsset } from './demo-page.ts';

const base = { method: 'get', who: 'anyone', scope: 'none', tag: 'Pages', raw: true } as const;
const text = { schema: { type: 'string' } };

export const demoRoutes: Route<Context>[] = [
  route({
    ...base,
    path: '/demo',
    summary: 'Show the demo, where DEMO is on',
    docs: { responses: { 200: { description: 'HTML page', content: { 'text/html': text } } } },
    rule: async ({ demo }, call) => sendDemo(demo, call),
  }),
  route({
    ...base,
    path: '/demo/assets/:name',
    summary: 'Get an asset of the demo',
    params: Joi.object<{ name: string }>({ name: Joi.string().required() }),
    docs: { responses: { 200: { description: 'The asset', content: { 'text/css': text, 'text/javascript': text } } } },
    rule: async ({ demo }, { params, res }) => sendDemoAsset(demo, params.name, { res }),
  }),
];
