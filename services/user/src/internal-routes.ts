import { type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { keepLastSeen } from './profile-store.ts';
import { cards } from './profiles.ts';

const ids = Joi.object<{ ids: string[] }>({ ids: Joi.array().items(Joi.string().max(64)).max(1000).required() });

interface Offline {
  offline: { user_id: string; last_seen: string }[];
}
const offline = Joi.object<Offline>({
  offline: Joi.array()
    .items(Joi.object({ user_id: Joi.string().max(64).required(), last_seen: Joi.string().isoDate().required() }))
    .max(10_000)
    .required(),
});

export const internalRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/internal/profiles',
    summary: 'Profiles of many users',
    who: 'service',
    body: ids,
    rule: (ctx, { body }) => cards(ctx, body.ids),
  }),
  route({
    method: 'post',
    path: '/internal/presence',
    summary: 'Users whose last connection went',
    who: 'service',
    body: offline,
    rule: (ctx, { body }) => keepLastSeen(ctx.db, body.offline),
  }),
];
