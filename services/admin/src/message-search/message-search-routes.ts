import { cursorKey, idOf, paging, type Route, roomId, route, text, timestamp, wireList } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { contextMessage, shownUsers } from '../moderation/context-shapes.ts';
import { type FoundKey, type FoundMessages, type MessageSearch, searchMessages } from './message-search.ts';

const whole = () => Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER);

const query = Joi.object<MessageSearch>({
  q: Joi.string()
    .max(200)
    .pattern(/\0/, { invert: true })
    .required()
    .example('invoice')
    .description('words, `"a phrase"`, `-unwanted`; the last word may be unfinished'),
  reason: text({ min: 1, max: 500 })
    .required()
    .example('a request of the court')
    .description('why; it is in the audit log'),
  chat_id: roomId(),
  sender_id: idOf('usr'),
  from: timestamp().description('the first time that counts'),
  to: timestamp().description('the first time that counts no more'),
  ...paging<FoundKey>(cursorKey(whole().max(8_640_000_000_000_000), roomId(), whole())),
});

const found = wireList('FoundMessageList', 'messages', contextMessage).append({
  users: shownUsers().required(),
}) as unknown as Joi.ObjectSchema<FoundMessages>;

export const messageSearchRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/admin/messages/search',
    summary: 'Search the messages of all rooms; each use is in the audit log',
    description: 'Only where `ADMIN_MESSAGE_SEARCH` is `on`; else AUTHORIZATION_ERROR with the reason `search_off`.',
    tag: 'Admin',
    who: 'admin',
    scope: 'none',
    query,
    answer: found,
    rule: searchMessages,
  }),
];
