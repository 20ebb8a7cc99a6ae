import { customPatch, idOf, type Route, route, timestamp } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { type AppChange, applyAppChanges, setAvatar } from './profile-changes.ts';
import { updateLastSeen } from './profile-store.ts';
import { presenceAmong, profileSummaries } from './profiles.ts';

const ids = Joi.object<{ ids: string[] }>({ ids: Joi.array().items(idOf('usr')).max(1000).required() });

interface Offline {
  offline: { user_id: string; last_seen: string }[];
}
const offline = Joi.object<Offline>({
  offline: Joi.array()
    .items(Joi.object({ user_id: idOf('usr').required(), last_seen: timestamp().required() }))
    .max(10_000)
    .required(),
});

const account = Joi.object<AppChange['account']>({
  user_id: idOf('usr').required(),
  username: Joi.string().required(),
  email: Joi.string().allow(null).required(),
  role: Joi.string().required(),
  status: Joi.string().required(),
  kind: Joi.string(),
  external_id: Joi.string().allow(null),
  created_at: timestamp().required(),
  updated_at: timestamp().required(),
  display_name: Joi.string().allow(''),
}).required();
const changes = Joi.object<{ changes: AppChange[] }, true>({
  changes: Joi.array()
    .items(
      Joi.object<AppChange, true>({
        account,
        version: Joi.number().integer().min(0).required(),
        change: Joi.object<AppChange['change'], true>({
          display_name: Joi.string(),
          bio: Joi.string().allow(''),
          avatar_url: Joi.string().allow(null),
          told_avatar_url: Joi.string(),
          custom: Joi.array().items(customPatch()),
        }).required(),
      }),
    )
    .max(1000)
    .required(),
});

export const internalRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/internal/profiles',
    summary: 'Get profiles by ids; unknown ones are left out',
    who: ['auth', 'file', 'admin'],
    body: ids,
    rule: (ctx, { body }) => profileSummaries(ctx, body.ids),
  }),
  route({
    method: 'post',
    path: '/internal/profiles/changes',
    summary: 'Apply changes by applications, each once; returns the profiles',
    who: ['auth'],
    body: changes,
    rule: (ctx, { body }) => applyAppChanges(ctx, body.changes),
  }),
  route({
    method: 'post',
    path: '/internal/avatars',
    summary: 'Set or remove the avatar of a user; returns the user and the address before',
    who: ['file'],
    body: Joi.object<{ user_id: string; avatar_url: string | null }, true>({
      user_id: idOf('usr').required(),
      avatar_url: Joi.string().max(200).allow(null).required(),
    }),
    rule: (ctx, { body, request_id }) => setAvatar(ctx, body.user_id, body.avatar_url, request_id),
  }),
  route({
    method: 'post',
    path: '/internal/presences',
    summary: 'Get the presence of users; unknown ones are left out',
    who: ['realtime-gateway'],
    body: Joi.object<{ user_ids: string[] }>({ user_ids: Joi.array().items(idOf('usr')).max(1000).required() }),
    rule: async (ctx, { body }) => ({ presence: await presenceAmong(ctx, body.user_ids) }),
  }),
  route({
    method: 'post',
    path: '/internal/presence',
    summary: 'Set the last-seen times of users who went offline',
    who: ['realtime-gateway'],
    body: offline,
    rule: (ctx, { body }) => updateLastSeen(ctx.db, body.offline),
  }),
];
