// Reports: what surrounds a reported message, and acts that settle a report.
import { idParams, inTheFuture, oneOf, type Route, route, text, timestamp, wireObject, withCheck } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { reportSchema } from '../moderation-shapes.ts';
import { banBody } from '../shapes.ts';
import { contextMessage, shownUsers } from './context-shapes.ts';
import { actOnReport, type ReportAct } from './report-acts.ts';
import { type ReportContext, showContext } from './report-context.ts';

const contextSchema = wireObject<ReportContext>('ReportContext', {
  message_id: Joi.string().description('the reported message'),
  messages: Joi.array().items(contextMessage).description('it and up to 10 on each side, oldest first'),
  users: shownUsers(),
});

const act = Joi.object<ReportAct>({
  status: oneOf('resolved', 'dismissed').default('resolved'),
  note: text({ max: 500 }).allow(null),
  delete_target: Joi.boolean().default(false).description('delete the reported message, or for admins the file'),
  mute: Joi.object<ReportAct['mute']>({
    until: timestamp().allow(null).custom(inTheFuture).description('unset or null: until lifted'),
  }).description('mute the sender in the room of the message'),
  ban: banBody.description('ban the user; moderators for at most 24 hours'),
});
const actBody = withCheck(act, ({ status, delete_target, mute, ban }) =>
  status === 'dismissed' && (delete_target === true || mute !== undefined || ban !== undefined)
    ? [{ path: 'status', message: 'status must be resolved when something is done' }]
    : [],
);

const tag = 'Admin';
const params = idParams;

export const reportRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/admin/reports/:id/context',
    summary: 'Get a reported message with those around it; each look is in the audit log',
    tag,
    who: 'moderator',
    scope: 'none',
    params,
    answer: contextSchema,
    errors: [409],
    rule: showContext,
  }),
  route({
    method: 'post',
    path: '/admin/reports/:id/act',
    summary: 'Delete, mute or ban because of a report, and settle it',
    description: 'Moderators never act on staff. When a measure fails, the report stays open; the act can be repeated.',
    tag,
    who: 'moderator',
    scope: 'none',
    params,
    body: actBody,
    example: { status: 'resolved', delete_target: true, note: 'Spam' },
    answer: reportSchema,
    errors: [409],
    rule: actOnReport,
  }),
];
