import { count, idOf, idParams, type Json, oneOf, type Route, route, time, wireObject } from '@chatapi/kit';
import Joi from 'joi';
import type { ShownConnection } from '../connections/connection-log-store.ts';
import type { Context } from '../context.ts';
import { type MessageDelivery, showDelivery } from './delivery.ts';
import { REASONS, type Reason, VERDICTS } from './verdict.ts';

type Shown = Json<MessageDelivery>;

const connection = wireObject<Json<ShownConnection>>('LoggedConnection', {
  id: Joi.string(),
  node: Joi.string(),
  opened_at: time(),
  closed_at: time().allow(null).description('null: open; of a node that died: when it was last heard'),
  close_code: Joi.number().integer().allow(null),
});

const deliverySchema = wireObject<Shown>('MessageDelivery', {
  verdict: oneOf(...VERDICTS).description(
    'connected: it went to a live connection, which has not confirmed it; connected_later: only after a resume; account_closed: banned or deactivated',
  ),
  reasons: Joi.array<Reason[]>().items(oneOf(...REASONS)),
  message: wireObject<Shown['message']>('DeliveredMessage', {
    id: Joi.string(),
    chat_id: Joi.string(),
    seq: count(),
    sender_id: Joi.string(),
    is_deleted: Joi.boolean(),
    created_at: time().description('of its commit'),
  }),
  room: wireObject<Shown['room']>('DeliveryRoom', {
    kind: oneOf('public', 'private', 'direct'),
    deleted: Joi.boolean(),
    archived: Joi.boolean(),
  }),
  user: wireObject<Shown['user']>('DeliveryUser', {
    id: Joi.string(),
    status: oneOf('active', 'banned', 'deactivated'),
    last_seen_at: time().allow(null),
  }),
  membership: wireObject<Shown['membership']>('DeliveryMembership', {
    role: oneOf('owner', 'moderator', 'member').allow(null).description('null: no member now'),
    joined_at: time().allow(null),
    left_seq: count().allow(null).description('event of the leaving, of who is no member now'),
    left_at: time().allow(null),
    muted_until: time().allow(null),
  }),
  positions: wireObject<Shown['positions']>('DeliveryPositions', {
    read_seq: count().allow(null),
    delivered_seq: count().allow(null).description('kept for the two furthest users of a room'),
  }),
  connections: Joi.array()
    .items(connection)
    .description('open at the time of the message or later, oldest first, at most 50; kept for 7 days'),
});

export const deliveryRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/admin/messages/:id/delivery',
    summary: 'Explain whether a message reached a user; each question is in the audit log',
    tag: 'Admin',
    who: 'admin',
    scope: 'none',
    params: idParams,
    query: Joi.object<{ user_id: string }, true>({
      user_id: idOf('usr').required().example('usr_0197c2f0a1b27c3d8e4f'),
    }),
    answer: deliverySchema,
    rule: showDelivery,
  }),
];
