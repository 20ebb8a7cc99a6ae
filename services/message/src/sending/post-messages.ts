// POST /messages, over HTTP or in batches from the API gateway: Idempotency-Key, status 201 or 200,
// and the whole message as the response.
import { AppError, invalidField, jsonOf, notFound, parse, Reply } from '@chatapi/kit';
import type { Caller, Role } from '@chatapi/kit/auth';
import { requireTokenRoom } from '../access/token-rooms.ts';
import { clientId } from '../content-field.ts';
import type { Context } from '../context.ts';
import type { Message } from '../log/message.ts';
import { signed } from '../messages/attachments.ts';
import { findMessage, toMessages } from '../messages/message-store.ts';
import { type Ready, readyAnswer } from '../messages/rpc-response.ts';
import type { SendResult } from './message-row.ts';
import { type ASIDE, sendMessages, sendWithoutHook } from './send.ts';
import { type SendBody, sendBody } from './send-body.ts';

/**
 * A request that the API gateway has admitted. Its body is validated here, so that a bad one fails
 * alone.
 */
export interface Post {
  sender_id: string;
  role: Role;
  request_id: string;
  /** The Idempotency-Key header. */
  key?: string;
  /** JSON. */
  body: string;
  /** The application key that acts as the sender. */
  sent_by_key?: string;
  /** Limits a bot's token. */
  rooms?: string[];
}

const idempotencyKey = clientId().required().label('Idempotency-Key');

function withKey(body: SendBody, header: string | string[] | undefined): SendBody {
  if (header === undefined) return body;
  // Node decodes header values as latin1.
  const key = Buffer.from(String(header), 'latin1').toString('utf8');
  const client_id = parse(idempotencyKey, key, 'json');
  if (body.client_id !== undefined && body.client_id !== client_id)
    throw invalidField('client_id', 'client_id and Idempotency-Key differ');
  return { ...body, client_id };
}

async function answerTo(ctx: Context, userId: string, outcome: SendResult | AppError): Promise<Reply<Message>> {
  if (outcome instanceof AppError) throw outcome;
  const { message } = outcome;
  if (message !== undefined)
    return new Reply(201, { ...message, attachments: signed(ctx.links, message.attachments, userId) });
  const first = await findMessage(ctx.db, outcome.message_id, userId);
  if (first === undefined) throw notFound('Message');
  return new Reply(200, (await toMessages(ctx, userId, [first]))[0] as Message);
}

export async function postMessage(
  ctx: Context,
  caller: Caller,
  body: SendBody,
  header: string | string[] | undefined,
): Promise<Reply<Message>> {
  const sender = { user_id: caller.user_id, role: caller.role, origin: '', node: '', key_id: caller.key_id };
  const [outcome] = await sendMessages(ctx, [{ sender }], () => {
    requireTokenRoom(caller, body);
    return withKey(body, header);
  });
  return await answerTo(ctx, caller.user_id, outcome as SendResult | AppError);
}

/**
 * @param node the gateway instance: the next batch waits for it, as for a realtime node.
 * @param mayWait for a hook; else what must wait is set aside.
 */
export async function postMessages(
  ctx: Context,
  node: string,
  posts: Post[],
  mayWait: boolean,
): Promise<{ answers: (Ready | typeof ASIDE)[] }> {
  const since = performance.now();
  const sends = posts.map((post) => ({
    sender: { user_id: post.sender_id, role: post.role, origin: '', node, key_id: post.sent_by_key },
    post,
  }));
  const take = mayWait ? sendMessages : sendWithoutHook;
  const outcomes = await take(ctx, sends, ({ post: { body, key, sender_id: user_id, rooms } }) => {
    const parsed = parse(sendBody, jsonOf(body), 'json');
    requireTokenRoom({ user_id, rooms }, parsed);
    return withKey(parsed, key);
  });
  const answers = outcomes.map((outcome, i) => {
    const { sender_id, request_id } = posts[i] as Post;
    if ('aside' in outcome) return outcome;
    return readyAnswer(ctx, { method: 'POST', request_id, since }, () => answerTo(ctx, sender_id, outcome));
  });
  return { answers: await Promise.all(answers) };
}
