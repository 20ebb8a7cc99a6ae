// `/app/users`: applications bring their own users. The external id in a path is percent-encoded;
// the gateway passes it on as it is, and Express decodes it once.
import { type Route, route } from '@chatapi/kit';
import type { Context } from '../context.ts';
import { activateUser, deactivateUser, eraseUser, showUser } from './app-users.ts';
import { mintToken } from './minting.ts';
import {
  appUserSchema,
  batchBody,
  batchResults,
  erasingSchema,
  externalIdParams,
  mintBody,
  mintedSchema,
  readBatch,
  userBody,
} from './shapes.ts';
import { putUser, putUsers } from './upsert.ts';

const tag = 'Application users';
const params = externalIdParams;
const path = '/app/users/:external_id';

export const appUserRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/app/users/batch',
    summary: 'Create or change up to 1,000 users; a bad one fails alone',
    description: 'The results come in the order of `users`. The body may have 4 MiB.',
    tag,
    who: 'application',
    scope: 'users:write',
    body: batchBody,
    example: { users: [{ external_id: 'customer-1', display_name: 'Ann' }, { external_id: 'customer-2' }] },
    readBody: readBatch,
    isLarge: true,
    answer: batchResults,
    rule: putUsers,
  }),
  route({
    method: 'put',
    path,
    summary: 'Create a user, or change the given fields of one',
    description: 'Without `username` a new user gets a free one. Without a password there is no login by one.',
    tag,
    who: 'application',
    scope: 'users:write',
    params,
    body: userBody,
    example: { display_name: 'Ann' },
    answer: appUserSchema,
    status: 201,
    repeatStatus: 200,
    errors: [409],
    rule: putUser,
  }),
  route({
    method: 'get',
    path,
    summary: 'Get a user by the id that the application gave',
    tag,
    who: 'application',
    scope: 'users:read',
    params,
    answer: appUserSchema,
    rule: showUser,
  }),
  route({
    method: 'post',
    path: `${path}/deactivate`,
    summary: 'Deactivate a user: sessions end, none begins; name and messages stay',
    tag,
    who: 'application',
    scope: 'users:write',
    params,
    answer: appUserSchema,
    rule: deactivateUser,
  }),
  route({
    method: 'post',
    path: `${path}/activate`,
    summary: 'Activate a deactivated user; ended sessions stay ended',
    tag,
    who: 'application',
    scope: 'users:write',
    params,
    answer: appUserSchema,
    rule: activateUser,
  }),
  route({
    method: 'delete',
    path,
    summary: 'Erase a user and all of their data permanently; the external id becomes free',
    tag,
    who: 'application',
    scope: 'users:write',
    params,
    answer: erasingSchema,
    status: 202,
    rule: eraseUser,
  }),
  route({
    method: 'post',
    path: `${path}/tokens`,
    summary: 'Make a session of a user, without a refresh token',
    tag,
    who: 'application',
    scope: 'tokens:write',
    params,
    body: mintBody,
    example: { expires_in: 3600 },
    answer: mintedSchema,
    status: 201,
    rule: mintToken,
  }),
];
