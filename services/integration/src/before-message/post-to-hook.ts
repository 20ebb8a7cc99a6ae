// Passes what the message service asks on to the receiver of the hook, and reads its answer.
import { randomUUID } from 'node:crypto';
import { type Custom, customObject, parse, unavailable } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { postTo } from '../webhooks/post.ts';

export interface Asked {
  /** Of the hook that the message service knows. */
  revision: number;
  messages: object[];
}

type Result =
  | { action: 'accept' }
  | { action: 'reject'; message?: string }
  | { action: 'replace'; content?: string; custom?: Custom };

const MAX_REASON = 500;

const result = Joi.object({
  action: Joi.string().valid('accept', 'reject', 'replace').required(),
  message: Joi.string().allow('').max(MAX_REASON),
  content: Joi.string().allow(''),
  custom: customObject(),
}).unknown();

const answerOf = (n: number) =>
  Joi.object<{ results: Result[] }>({ results: Joi.array().items(result).length(n).required() }).unknown();

function read(body: Buffer, n: number): Result[] {
  const { results } = parse(answerOf(n), JSON.parse(body.toString()), 'peer');
  return results.map(({ action, ...more }): Result => {
    if (action === 'accept') return { action };
    const { message, content, custom } = more as { message?: string; content?: string; custom?: Custom };
    if (action === 'reject') return message ? { action, message } : { action };
    return { action, content, custom };
  });
}

/** @throws AppError SERVICE_UNAVAILABLE when there is no answer for each message. */
export async function askHook(
  { egress, knownHook }: Pick<Context, 'egress' | 'knownHook'>,
  { revision, messages }: Asked,
): Promise<{ results: Result[] }> {
  const { hook } = await knownHook.atLeast(revision);
  // It was deleted: the message service will know it in a moment.
  if (hook === null) return { results: messages.map(() => ({ action: 'accept' })) };
  const timestamp = new Date().toISOString();
  const body = JSON.stringify({ type: 'before_message', timestamp, data: { messages } });
  try {
    const event = { id: `draft:${randomUUID()}`, body };
    const answer = await postTo(egress, hook.url, [hook.secret], event, hook.timeout_ms);
    if (answer.status < 200 || answer.status > 299) throw new Error(`answered ${answer.status}`);
    return { results: read(answer.body, messages.length) };
  } catch (cause) {
    throw unavailable('The hook before messages', cause);
  }
}
