// A message that somebody posts to the URL of an incoming webhook: JSON, or Slack's form with JSON
// in `payload`. Other fields are ignored.
import {
  AppError,
  type Custom,
  checkedCustom,
  invalidField,
  jsonOf,
  newCustom,
  notFound,
  parse,
  Reply,
  text,
  webUrl,
} from '@chatapi/kit';
import { limitExceeded } from '@chatapi/kit/auth';
import { instanceFor } from '@chatapi/kit/rpc';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { hashOf } from './incoming.ts';
import { BURST, takeToken } from './incoming-store.ts';
import type { PostedMessage } from './incoming-webhook.ts';

export interface IncomingMessage {
  content: string;
  client_id?: string;
  custom: Custom;
}

interface Sent {
  content?: string;
  /** As Slack names it. */
  text?: string;
  client_id?: string;
  custom?: Custom;
  username?: string | null;
  avatar_url?: string | null;
}

/** The message service checks lengths and characters: one reading for all senders. */
const sent = Joi.object<Sent>({
  content: Joi.string().allow(''),
  text: Joi.string().allow(''),
  client_id: Joi.string(),
  custom: newCustom(),
  // As a profile has them. Empty ones say nothing.
  username: text({ max: 64, singleLine: true }).allow(null),
  avatar_url: webUrl().allow('', null),
}).unknown();

/** For the documents. */
export const incomingMessageSchema = Joi.object({
  content: Joi.string().description('1–4000 characters'),
  text: Joi.string().description('the same, as Slack’s senders name it'),
  client_id: Joi.string().max(64).description('a retry with the same one returns the first message'),
  custom: newCustom(),
  username: Joi.string().max(64).description('goes into `custom`, unless that has it: apps may show it as the sender'),
  avatar_url: Joi.string().max(2048).description('an http or https URL; goes into `custom`, unless that has it'),
  payload: Joi.string().description('in a form: all this as JSON'),
}).unknown();

/** What Slack's senders say of the sender: for apps, since accounts have a name and an avatar. */
const customOf = ({ custom, username, avatar_url }: Sent): Custom =>
  checkedCustom({ ...(username ? { username } : {}), ...(avatar_url ? { avatar_url } : {}), ...custom });

/** @throws AppError VALIDATION_ERROR */
export function readIncoming(body: unknown): IncomingMessage {
  const { payload } = body as { payload?: unknown };
  const posted = parse(sent, typeof payload === 'string' ? jsonOf(payload) : body, 'json');
  const { content, text, client_id } = posted;
  const words = content ?? text;
  if (words === undefined) throw invalidField('content', 'content or text is required');
  return { content: words, client_id, custom: customOf(posted) };
}

const tooMany = (): AppError =>
  limitExceeded(
    { allowed: false, limit: BURST, remaining: 0, reset: Math.ceil(Date.now() / 1000) + 1, retry_after_s: 1 },
    'Too many messages: an incoming webhook takes one a second',
  );

export async function postIncoming(
  ctx: Context,
  { id, secret }: { id: string; secret: string },
  { content, client_id, custom }: IncomingMessage,
  request_id: string,
): Promise<Reply<PostedMessage>> {
  const hook = await takeToken(ctx.db, id, hashOf(secret));
  if (hook === undefined) throw notFound('Incoming webhook');
  const { chat_id: room_id, bot_id, banned, taken } = hook;
  if (banned) throw new AppError('AUTHORIZATION_ERROR', 'The account of this webhook is banned');
  if (!taken) throw tooMany();
  // Messages of a room meet in one instance.
  const instance = instanceFor(room_id, ctx.message.instances()) ?? '';
  const body = { room_id, bot_id, content, client_id, custom };
  const { repeated, ...message } = await ctx.message
    .from(instance)
    .call<PostedMessage & { repeated: boolean }>('POST', '/internal/hook-messages', { body, request_id });
  return new Reply(repeated ? 200 : 201, message);
}
