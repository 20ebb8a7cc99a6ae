// Internal routes of application keys: admin makes and ends them, gateways ask for them.
import { type IdPaging, idOf, idPaging, idParams, type Route, route, text, timestamp } from '@chatapi/kit';
import { type PersonName, SCOPES, type Scope } from '@chatapi/kit/auth';
import Joi from 'joi';
import { createKey, endKey, grantOf, listKeys, type NewKey, personOf } from '../application-keys.ts';
import type { Context } from '../context.ts';
import { noteUse } from '../credential-store.ts';

const newKey = Joi.object<NewKey>({
  id: idOf('key').required(),
  name: text({ max: 64, singleLine: true }).required(),
  scopes: Joi.array<Scope[]>()
    .items(Joi.string().valid(...SCOPES))
    .required(),
  expires_at: timestamp().allow(null),
});
const hash = Joi.object<{ token_hash: string }, true>({ token_hash: Joi.string().hex().length(64).required() });
const used = Joi.object<{ used: { id: string; at: string }[] }, true>({
  used: Joi.array()
    .items(Joi.object({ id: Joi.string().required(), at: Joi.string().isoDate().required() }))
    .max(50_000)
    .required(),
});
const personName = Joi.object<PersonName>({ user_id: Joi.string(), external_id: Joi.string() }).xor(
  'user_id',
  'external_id',
);

export const credentialRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/internal/keys',
    summary: 'Create an application key',
    who: ['admin'],
    body: newKey,
    rule: (ctx, { body }) => createKey(ctx, body),
  }),
  route({
    method: 'get',
    path: '/internal/keys',
    summary: 'List application keys, newest first',
    who: ['admin'],
    query: Joi.object<IdPaging>(idPaging()),
    rule: (ctx, { query }) => listKeys(ctx, query),
  }),
  route({
    method: 'delete',
    path: '/internal/keys/:id',
    summary: 'End an application key',
    who: ['admin'],
    params: idParams,
    rule: (ctx, { params }) => endKey(ctx, params.id),
  }),
  route({
    method: 'post',
    path: '/internal/credentials/find',
    summary: 'Find what a key or a bot token grants, by its hash',
    who: ['api-gateway', 'realtime-gateway'],
    body: hash,
    rule: (ctx, { body }) => grantOf(ctx, body.token_hash),
  }),
  route({
    method: 'post',
    path: '/internal/credentials/used',
    summary: 'Note when keys and bot tokens were last used',
    who: ['api-gateway', 'realtime-gateway'],
    body: used,
    rule: (ctx, { body }) => noteUse(ctx.db, body.used),
  }),
  route({
    method: 'post',
    path: '/internal/people/find',
    summary: 'Find a person as whom a key acts',
    who: ['api-gateway'],
    body: personName,
    rule: (ctx, { body }) => personOf(ctx, body),
  }),
];
