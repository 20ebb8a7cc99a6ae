// `/bots`: the bots of a person; for admins all, for application keys those without an owner.
import {
  anyId,
  boundedList,
  type IdPaging,
  idPaging,
  idParams,
  inTheFuture,
  oneOf,
  type Route,
  roomId,
  route,
  text,
  time,
  timestamp,
  webUrl,
  wireList,
  wireObject,
} from '@chatapi/kit';
import { SCOPES, type Scope } from '@chatapi/kit/auth';
import Joi from 'joi';
import type { Context } from '../context.ts';
import type { CredentialRow } from '../credential-store.ts';
import { userFields, username } from '../shapes.ts';
import { createToken, endToken, type NewToken, showTokens } from './bot-tokens.ts';
import { type BotFields, type BotView, changeBot, createBot, deleteBot, type NewBotFields, showBots } from './bots.ts';

const fields = {
  display_name: text({ min: 1, max: 64, singleLine: true }),
  avatar_url: webUrl().allow(null),
  description: text({ max: 500 }).description('shown as the `bio` of the bot'),
};
const newBot = Joi.object<NewBotFields, true>({ username: username().required(), ...fields });
const change = Joi.object<BotFields, true>({ username: username(), ...fields }).min(1);
const botSchema = wireObject<BotView>('Bot', {
  ...userFields,
  external_id: Joi.string().allow(null),
  owner_id: Joi.string().allow(null).description('null: made by an application, or the owner was erased'),
});

const tokenFields = {
  id: Joi.string(),
  name: Joi.string(),
  scopes: Joi.array<Scope[]>().items(oneOf<Scope>(...SCOPES)),
  rooms: Joi.array<string[]>().items(Joi.string()).allow(null).description('null: all rooms of the bot'),
  created_at: time(),
  expires_at: time().allow(null),
  last_used_at: time().allow(null).description('right within a minute'),
};
const tokenSchema = wireObject<CredentialRow>('BotToken', tokenFields);
const newTokenSchema = wireObject<CredentialRow & { token: string }>('NewBotToken', {
  ...tokenFields,
  token: Joi.string().description('the secret, shown only here'),
});
const newToken = Joi.object<NewToken>({
  name: text({ min: 1, max: 64, singleLine: true }).required(),
  scopes: Joi.array<Scope[]>()
    .items(Joi.string().valid(...SCOPES))
    .min(1)
    .max(SCOPES.length)
    .unique()
    .required(),
  rooms: boundedList(100, roomId()).min(1).unique().description('limits the token to these rooms'),
  expires_at: timestamp().allow(null).custom(inTheFuture).description('unset or null: it does not expire'),
});
const listQuery = Joi.object<IdPaging>(idPaging());
const tokenParams = Joi.object<{ id: string; token_id: string }, true>({
  id: anyId().required(),
  token_id: anyId().required(),
});

const common = { tag: 'Bots', who: 'user', keyAlone: true } as const;

export const botRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/bots',
    summary: 'Create a bot',
    description: 'For admins and application keys; for everybody where `BOTS` is `everyone`, at most 20 each.',
    ...common,
    scope: 'users:write',
    body: newBot,
    example: { username: 'parrot', display_name: 'Parrot' },
    answer: botSchema,
    status: 201,
    errors: [409],
    rule: createBot,
  }),
  route({
    method: 'get',
    path: '/bots',
    summary: 'List own bots, newest first; for admins all, for application keys those without an owner',
    ...common,
    scope: 'users:read',
    query: listQuery,
    answer: wireList('BotList', 'bots', botSchema),
    rule: showBots,
  }),
  route({
    method: 'put',
    path: '/bots/:id',
    summary: 'Change a bot (any subset of its fields)',
    ...common,
    scope: 'users:write',
    params: idParams,
    body: change,
    example: { display_name: 'Parrot' },
    answer: botSchema,
    errors: [409],
    rule: changeBot,
  }),
  route({
    method: 'delete',
    path: '/bots/:id',
    summary: 'Delete a bot: its tokens end and its data is erased',
    ...common,
    scope: 'users:write',
    params: idParams,
    rule: deleteBot,
  }),
  route({
    method: 'post',
    path: '/bots/:id/tokens',
    summary: 'Create a token of a bot',
    description: 'The secret `token` is shown only once. At most 10 for each bot.',
    ...common,
    scope: 'tokens:write',
    params: idParams,
    body: newToken,
    example: { name: 'laptop', scopes: ['rooms:read', 'messages:read', 'messages:write'] },
    answer: newTokenSchema,
    status: 201,
    errors: [409],
    rule: createToken,
  }),
  route({
    method: 'get',
    path: '/bots/:id/tokens',
    summary: 'List tokens of a bot, newest first',
    ...common,
    scope: 'users:read',
    params: idParams,
    query: listQuery,
    answer: wireList('BotTokenList', 'tokens', tokenSchema),
    rule: showTokens,
  }),
  route({
    method: 'delete',
    path: '/bots/:id/tokens/:token_id',
    summary: 'End a token of a bot',
    ...common,
    scope: 'tokens:write',
    params: tokenParams,
    rule: endToken,
  }),
];
