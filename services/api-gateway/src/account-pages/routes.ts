import { type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { accountAsset, accountPage } from './pages.ts';

const base = { method: 'get', who: 'anyone', scope: 'none', tag: 'Pages', raw: true } as const;
const html = {
  responses: { 200: { description: 'HTML page', content: { 'text/html': { schema: { type: 'string' } } } } },
};
const text = { schema: { type: 'string' } };
const file = {
  responses: { 200: { description: 'The asset', content: { 'text/css': text, 'text/javascript': text } } },
};
const linkQuery = Joi.object<{ token?: string }, true>({
  token: Joi.string().allow('').max(128).description('read by the page’s script, not by the server'),
});
const assetName = Joi.object<{ name: string }>({ name: Joi.string().required() });

export const accountRoutes: Route<Context>[] = [
  route({
    ...base,
    path: '/account/reset',
    summary: 'Show the page that sets a new password',
    query: linkQuery,
    docs: html,
    rule: (_ctx, call) => accountPage('reset')(call),
  }),
  route({
    ...base,
    path: '/account/confirm',
    summary: 'Show the page that confirms an e-mail address',
    query: linkQuery,
    docs: html,
    rule: (_ctx, call) => accountPage('confirm')(call),
  }),
  route({
    ...base,
    path: '/account/assets/:name',
    summary: 'Get an asset of these pages',
    params: assetName,
    docs: file,
    rule: (_ctx, call) => accountAsset(call),
  }),
];
