import { idOf, type Route, route, timestamp } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { updateLastSeen } from './profile-store.ts';
import { profileSummaries } from './profiles.ts';

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
    path: '/internal/presence',
    summary: 'Set the last-seen times of users who went offline',
    who: ['realtime-gateway'],
    body: offline,
    rule: (ctx, { body }) => updateLastSeen(ctx.db, body.offline),
  }),
];
