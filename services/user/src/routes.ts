import {
  anyText,
  cursorKey,
  customObject,
  customPatch,
  idOf,
  idParams,
  invalid,
  oneOf,
  paging,
  type Route,
  route,
  text,
  time,
  webUrl,
  wireList,
  wireObject,
} from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import type { Presence } from './presence.ts';
import { changeProfile, type ProfileChange } from './profile-changes.ts';
import type { UserKey } from './profile-store.ts';
import { listUsers, type OwnProfile, ownProfile, type PublicProfile, type Search, showUser } from './profiles.ts';

const tag = 'Users';

/** What was read can be written: the address of the user’s own uploaded avatar. */
const UPLOADED = /^\/avatars\/[\w-]{1,64}\/[\w-]{1,64}$/;
const change = Joi.object<ProfileChange, true>({
  display_name: text({ min: 1, max: 64, singleLine: true }),
  bio: text({ max: 500 }),
  avatar_url: webUrl(UPLOADED).allow(null).description('or the path that the profile has, of an uploaded avatar'),
  custom: customPatch(),
}).min(1);
const username = Joi.string().max(64);
const MAX_IDS = 100;
const userId = idOf('usr');

/** `usr_1,usr_2` as a list. */
const idList = (): Joi.StringSchema =>
  Joi.string()
    .max(MAX_IDS * 65)
    .custom((value: string, h) => {
      const ids = value.split(',');
      if (ids.length > MAX_IDS) return invalid(h, `must name at most ${MAX_IDS} users`);
      return ids.some((id) => userId.required().validate(id).error)
        ? invalid(h, 'must be ids of users, comma-separated')
        : ids;
    })
    .description(`ids, comma-separated, at most ${MAX_IDS}: these users, in this order; unknown ones are left out`);

const search = Joi.object<Search>({
  ...paging<UserKey>(cursorKey(username, idOf('usr'))),
  search: Joi.string().allow('').max(100),
  ids: idList(),
}).oxor('ids', 'search');

const shown = {
  id: Joi.string(),
  username: Joi.string(),
  display_name: Joi.string(),
  bio: anyText(),
  avatar_url: Joi.string().allow(null),
  custom: customObject(),
  kind: oneOf('user', 'bot'),
  role: oneOf('user', 'moderator', 'admin'),
  status: oneOf('active', 'banned', 'deactivated'),
  created_at: time(),
  updated_at: time(),
};
const ownSchema = wireObject<OwnProfile>('Me', {
  ...shown,
  email: Joi.string().allow(null),
  email_verified: Joi.boolean().description('whether the owner has confirmed the address'),
  external_id: Joi.string().allow(null).description('the id that the application gave its own user'),
});
const presenceSchema = wireObject<Presence>('Presence', {
  status: oneOf('online', 'offline'),
  last_seen: time().allow(null),
});
const publicSchema = wireObject<PublicProfile>(
  'Profile',
  { ...shown, presence: presenceSchema },
  {
    email: Joi.string().allow(null).description('only visible to the user and to admins'),
    email_verified: Joi.boolean().description('only visible to the user and to admins'),
    external_id: Joi.string().allow(null).description('only visible to the user and to admins'),
  },
);

export const routes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/users/me',
    summary: 'Get own user',
    tag,
    who: 'user',
    scope: 'users:read',
    answer: ownSchema,
    errors: [404],
    rule: (ctx, { caller, request_id }) => ownProfile(ctx, caller, request_id),
  }),
  route({
    method: 'put',
    path: '/users/me',
    summary: 'Update own profile (any subset of its fields)',
    tag,
    who: 'user',
    scope: 'users:write',
    body: change,
    example: { display_name: 'John Doe', bio: 'Back on Monday' },
    answer: ownSchema,
    errors: [404],
    rule: (ctx, { caller, body, request_id }) => changeProfile(ctx, caller, body, request_id),
  }),
  route({
    method: 'get',
    path: '/users',
    summary: 'Search users by username and display name, or get them by ids',
    tag,
    who: 'user',
    scope: 'users:read',
    keyAlone: true,
    query: search,
    answer: wireList('ProfileList', 'users', publicSchema),
    rule: (ctx, { caller, query, request_id }) => listUsers(ctx, caller, query, request_id),
  }),
  route({
    method: 'get',
    path: '/users/:id',
    summary: 'Get a user',
    tag,
    who: 'user',
    scope: 'users:read',
    keyAlone: true,
    params: idParams,
    answer: publicSchema,
    rule: (ctx, { caller, params, request_id }) => showUser(ctx, caller, params.id, request_id),
  }),
];
