// Internal routes of invites, for the admin service.
import { type IdPaging, idOf, idPaging, idParams, type Route, roomId, route, timestamp } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { createInvite, type NewInvite, removeInvite, showInvites } from '../registration/invites.ts';

const body = Joi.object<NewInvite, true>({
  id: idOf('inv').required(),
  max_uses: Joi.number().integer().min(1).max(1000).required(),
  expires_at: timestamp().allow(null),
  rooms: Joi.array().items(roomId()).required(),
});

export const inviteRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/internal/invites',
    summary: 'Create an invite',
    who: ['admin'],
    body,
    status: 201,
    rule: (ctx, call) => createInvite(ctx, call.body),
  }),
  route({
    method: 'get',
    path: '/internal/invites',
    summary: 'List invites, newest first, without their codes',
    who: ['admin'],
    query: Joi.object<IdPaging>(idPaging()),
    rule: (ctx, { query }) => showInvites(ctx, query),
  }),
  route({
    method: 'delete',
    path: '/internal/invites/:id',
    summary: 'Delete an invite',
    who: ['admin'],
    params: idParams,
    rule: (ctx, { params }) => removeInvite(ctx, params.id),
  }),
];
