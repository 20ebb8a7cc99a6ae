// Owns: POST /messages on top of the one send rule: the header's key, 201 or 200, the whole Message as answer. One request, or those
// that the gateway gathered.
import { Answer, AppError, type Caller, invalidField, notFound, parse, type Role } from '@chatapi/kit';
import { type Ready, readyAnswer } from './answers.ts';
import { signed } from './attachments.ts';
import type { Context } from './context.ts';
import { findMessage, toMessages } from './message-store.ts';
import { sendMessages } from './send.ts';
import { clientId, type SendBody, sendBody } from './send-body.ts';
import type { Sent } from './sent.ts';

/** A request that the gateway has let in, its body as it came: a bad one fails alone, here. */
export interface Post {
  sender_id: string;
  role: Role;
  request_id: string;
  /** The Idempotency-Key header. */
  key?: string;
  /** JSON. */
  body: string;
}

const idempotencyKey = clientId().required().label('Idempotency-Key');

function withKey(body: SendBody, header: string | string[] | undefined): SendBody {
  if (header === undefined) return body;
  // Header values reach Node as latin1.
  const key = Buffer.from(String(header), 'latin1').toString('utf8');
  const client_id = parse(idempotencyKey, key, 'json');
  if (body.client_id !== undefined && body.client_id !== client_id)
    throw invalidField('client_id', 'client_id and Idempotency-Key differ');
  return { ...body, client_id };
}

/** As HTTP's body-parser has it: no body is `{}`, and only an object or a list is a body. */
function readJson(text: string): unknown {
  if (text === '') return {};
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null) return value;
  } catch {}
  throw new AppError('VALIDATION_ERROR', 'The body is not valid JSON');
}

/** @throws AppError what the sender did wrong, or what is away. */
async function answerTo(ctx: Context, userId: string, outcome: Sent | AppError): Promise<Answer> {
  if (outcome instanceof AppError) throw outcome;
  const { message } = outcome;
  if (message !== undefined)
    return new Answer(201, { ...message, attachments: signed(ctx.links, message.attachments, userId) });
  const first = await findMessage(ctx.db, outcome.message_id);
  if (first === undefined) throw notFound('Message');
  return new Answer(200, (await toMessages(ctx, userId, [first]))[0]);
}

export async function postMessage(
  ctx: Context,
  caller: Caller,
  body: SendBody,
  header: string | string[] | undefined,
): Promise<Answer> {
  const sender = { user_id: caller.user_id, role: caller.role, origin: '', node: '' };
  const [outcome] = await sendMessages(ctx, [{ sender }], () => withKey(body, header));
  return await answerTo(ctx, caller.user_id, outcome as Sent | AppError);
}

/** @param node who gathered them: the next batch waits for it, as for a realtime node. */
export async function postMessages(ctx: Context, node: string, posts: Post[]): Promise<{ answers: Ready[] }> {
  const since = performance.now();
  const sends = posts.map((post) => ({
    sender: { user_id: post.sender_id, role: post.role, origin: '', node },
    post,
  }));
  const outcomes = await sendMessages(ctx, sends, ({ post: { body, key } }) =>
    withKey(parse(sendBody, readJson(body), 'json'), key),
  );
  const answers = outcomes.map((outcome, i) => {
    const { sender_id, request_id } = posts[i] as Post;
    return readyAnswer(ctx, { method: 'POST', request_id, since }, () => answerTo(ctx, sender_id, outcome));
  });
  return { answers: await Promise.all(answers) };
}
