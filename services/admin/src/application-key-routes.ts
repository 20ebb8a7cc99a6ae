import {
  type IdPaging,
  idPaging,
  idParams,
  inTheFuture,
  oneOf,
  type Route,
  route,
  text,
  time,
  timestamp,
  wireList,
  wireObject,
} from '@chatapi/kit';
import { SCOPES, type Scope } from '@chatapi/kit/auth';
import Joi from 'joi';
import {
  type ApplicationKey,
  createKey,
  endKey,
  type KeyRequest,
  listKeys,
  type NewApplicationKey,
} from './application-keys.ts';
import type { Context } from './context.ts';

const keyFields = {
  id: Joi.string(),
  name: Joi.string(),
  scopes: Joi.array<Scope[]>().items(oneOf<Scope>(...SCOPES)),
  created_at: time(),
  expires_at: time().allow(null),
  last_used_at: time().allow(null).description('right within a minute'),
};
const keySchema = wireObject<ApplicationKey>('ApplicationKey', keyFields);
const newKeySchema = wireObject<NewApplicationKey>('NewApplicationKey', {
  ...keyFields,
  key: Joi.string().description('the secret, shown only here'),
});

const keyBody = Joi.object<KeyRequest>({
  name: text({ max: 64, singleLine: true, min: 1 }).required(),
  scopes: Joi.array<Scope[]>()
    .items(Joi.string().valid(...SCOPES))
    .min(1)
    .max(SCOPES.length)
    .unique()
    .required(),
  expires_at: timestamp().allow(null).custom(inTheFuture).description('unset or null: it does not expire'),
});
const tag = 'Admin';

export const applicationKeyRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/admin/keys',
    summary: 'Create an application key',
    description: 'With it a backend calls this API. The secret `key` is shown only once. At most 50 keys.',
    tag,
    who: 'admin',
    scope: 'none',
    body: keyBody,
    example: { name: 'shop', scopes: ['users:write', 'tokens:write'] },
    answer: newKeySchema,
    status: 201,
    errors: [409],
    rule: createKey,
  }),
  route({
    method: 'get',
    path: '/admin/keys',
    summary: 'List application keys, newest first',
    tag,
    who: 'admin',
    scope: 'none',
    query: Joi.object<IdPaging>(idPaging()),
    answer: wireList('ApplicationKeyList', 'keys', keySchema),
    rule: listKeys,
  }),
  route({
    method: 'delete',
    path: '/admin/keys/:id',
    summary: 'End an application key',
    description: 'All gateways refuse it within a second.',
    tag,
    who: 'admin',
    scope: 'none',
    params: idParams,
    rule: endKey,
  }),
];
