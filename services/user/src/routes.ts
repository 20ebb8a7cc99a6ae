import { paging, type Route, route, text } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import type { ProfileChange } from './profile-store.ts';
import { changeProfile, me, type Search, searchUsers, showUser } from './profiles.ts';

const tag = 'Users';

const change = Joi.object<ProfileChange, true>({
  display_name: text({ min: 1, max: 64, singleLine: true }),
  bio: text({ max: 500 }),
  avatar_url: Joi.string()
    .uri({ scheme: ['http', 'https'] })
    .max(2048)
    .allow(null),
}).min(1);
const search = Joi.object<Search>({ ...paging(), search: Joi.string().allow('').max(100).default('') });
const idParams = Joi.object<{ id: string }, true>({ id: Joi.string().max(64).required() });

const time = (): Joi.StringSchema => Joi.string().isoDate();
const shown = {
  id: Joi.string().required(),
  username: Joi.string().required(),
  display_name: Joi.string().required(),
  bio: Joi.string().allow('').required(),
  avatar_url: Joi.string().allow(null).required(),
  role: Joi.string().valid('user', 'moderator', 'admin').required(),
  status: Joi.string().valid('active', 'banned').required(),
  created_at: time().required(),
  updated_at: time().required(),
};
const user = Joi.object({ ...shown, email: Joi.string().required() });
const publicUser = Joi.object({
  ...shown,
  email: Joi.string().description('only for the user and for admins'),
  presence: Joi.object({
    status: Joi.string().valid('online', 'offline').required(),
    last_seen: time().allow(null).required(),
  }).required(),
});

export const routes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/users/me',
    summary: 'My own user',
    tag,
    who: 'user',
    answer: user,
    rule: (ctx, { caller, request_id }) => me(ctx, caller, request_id),
  }),
  route({
    method: 'put',
    path: '/users/me',
    summary: 'Change my profile: any subset of its fields',
    tag,
    who: 'user',
    body: change,
    answer: user,
    rule: (ctx, { caller, body, request_id }) => changeProfile(ctx, caller, body, request_id),
  }),
  route({
    method: 'get',
    path: '/users',
    summary: 'Search users by username and display name',
    tag,
    who: 'user',
    query: search,
    answer: Joi.object({ users: Joi.array().items(publicUser).required(), has_more: Joi.boolean().required() }),
    rule: (ctx, { caller, query }) => searchUsers(ctx, caller, query),
  }),
  route({
    method: 'get',
    path: '/users/:id',
    summary: 'A user as others see them',
    tag,
    who: 'user',
    params: idParams,
    answer: publicUser,
    rule: (ctx, { caller, params, request_id }) => showUser(ctx, caller, params.id, request_id),
  }),
];
