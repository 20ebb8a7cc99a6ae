// Schemas of messages as staff see them.
import { anyText, count, customObject, oneOf, time, wireObject } from '@chatapi/kit';
import Joi from 'joi';
import type { ContextMessage, ReportContext } from './report-context.ts';

export const contextMessage = wireObject<ContextMessage>(
  'ContextMessage',
  {
    id: Joi.string(),
    chat_id: Joi.string(),
    seq: count(),
    sender_id: Joi.string(),
    content: anyText().description('empty when the message is deleted'),
    message_type: Joi.string(),
    files: Joi.array().items(anyText()).description('names of the attached files'),
    is_edited: Joi.boolean(),
    is_deleted: Joi.boolean(),
    created_at: time(),
  },
  { custom: customObject().description('of the application’s own; missing where there is none') },
);

const userCard = wireObject<ReportContext['users'][string]>('UserCard', {
  username: anyText(),
  display_name: anyText(),
  avatar_url: Joi.string().allow(null),
  kind: oneOf('user', 'bot'),
});

export const shownUsers = (): Joi.ObjectSchema<ReportContext['users']> =>
  Joi.object<ReportContext['users']>()
    .pattern(Joi.string(), userCard)
    .description('by id: who wrote them, without deleted users');
