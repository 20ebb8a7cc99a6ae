// Owns: POST /messages on top of the one send rule: the header's key, 201 or 200, the whole Message as answer.
import { Answer, AppError, type Caller, invalidField, parse } from '@chatapi/kit';
import { signed } from './attachments.ts';
import type { Context } from './context.ts';
import { findMessage, toMessages } from './message-store.ts';
import { sendMessages } from './send.ts';
import { clientId, type SendBody } from './send-body.ts';

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

export async function postMessage(
  ctx: Context,
  caller: Caller,
  body: SendBody,
  header: string | string[] | undefined,
): Promise<Answer> {
  const sender = { user_id: caller.user_id, role: caller.role, origin: '', node: '' };
  const [outcome] = await sendMessages(ctx, [{ sender }], () => withKey(body, header));
  if (outcome === undefined || outcome instanceof AppError) throw outcome;
  const { message } = outcome;
  if (message !== undefined)
    return new Answer(201, { ...message, attachments: signed(ctx.links, message.attachments, caller.user_id) });
  const first = await findMessage(ctx.db, outcome.message_id);
  return new Answer(200, (await toMessages(ctx, caller.user_id, first === undefined ? [] : [first]))[0]);
}
