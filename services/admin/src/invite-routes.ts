import {
  count,
  type IdPaging,
  idPaging,
  idParams,
  inTheFuture,
  type Route,
  roomId,
  route,
  time,
  timestamp,
  wireList,
  wireObject,
} from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { createInvite, deleteInvite, type Invite, listInvites, type NewInvite } from './invites.ts';

const tag = 'Admin';

const inviteBody = Joi.object<NewInvite>({
  max_uses: Joi.number().integer().min(1).max(1000).default(1).description('how many may register with it'),
  expires_at: timestamp().custom(inTheFuture).description('default: in 7 days'),
  rooms: Joi.array()
    .items(roomId())
    .unique()
    .max(20)
    .default([])
    .description('rooms that a person who registers with it becomes a member of, within seconds'),
});

const fields = {
  id: Joi.string(),
  max_uses: count(),
  uses: count(),
  expires_at: time(),
  rooms: Joi.array().items(Joi.string()),
  created_at: time(),
};
const inviteSchema = wireObject<Invite>('Invite', fields);
const newInviteSchema = wireObject<Invite & { code: string }>('NewInvite', {
  ...fields,
  code: Joi.string().description('`invite` of a registration; shown only here'),
});

export const inviteRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/admin/invites',
    summary: 'Create an invite, with whose code people register',
    tag,
    who: 'admin',
    scope: 'none',
    body: inviteBody,
    example: { max_uses: 10 },
    answer: newInviteSchema,
    status: 201,
    rule: createInvite,
  }),
  route({
    method: 'get',
    path: '/admin/invites',
    summary: 'List invites, newest first, without their codes; expired ones for 30 days',
    tag,
    who: 'admin',
    scope: 'none',
    query: Joi.object<IdPaging>(idPaging()),
    answer: wireList('InviteList', 'invites', inviteSchema),
    rule: listInvites,
  }),
  route({
    method: 'delete',
    path: '/admin/invites/:id',
    summary: 'Delete an invite; who registered with it stays',
    tag,
    who: 'admin',
    scope: 'none',
    params: idParams,
    rule: deleteInvite,
  }),
];
