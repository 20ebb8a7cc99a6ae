// Owns: what a send must look like, and the draft that it becomes. The same for REST and for the realtime nodes.
import { hash } from 'node:crypto';
import { type AppError, invalidField, type Role, say, text } from '@chatapi/kit';
import Joi from 'joi';
import { directId } from './direct.ts';
import type { Attachment } from './frames.ts';
import type { Judge } from './word-filter.ts';
import { blockedError } from './words.ts';

export interface SendBody {
  chat_id?: string;
  recipient_id?: string;
  content?: string;
  message_type?: 'text' | 'image' | 'file';
  attachments?: string[];
  reply_to?: string;
  client_id?: string;
}

/** Who sends, by which connection of which realtime node ('' for REST). */
export interface Sender {
  user_id: string;
  role: Role;
  origin: string;
  node: string;
}

/** Realtime nodes make a client_id where the client gave none, so that their retries double nothing: nobody is shown it. */
export const shownClientId = (clientId: string | null): string | undefined =>
  clientId === null || clientId.startsWith('node:con_') ? undefined : clientId;

export interface Draft {
  room_id: string;
  sender: Sender;
  recipient_id: string | null;
  content: string;
  message_type: string;
  file_ids: string[];
  attachments: Attachment[];
  reply_to: string | null;
  client_id: string | null;
  /** Of the body as it was sent: masked or not, a repeat is a repeat. */
  body_hash: string | null;
  /** The word filter's no. Only a repeat of what was taken before passes all the same. */
  blocked: AppError | undefined;
}

export const ROOM_ID = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/;
export const MAX_CONTENT = 4000;

export const roomId = (): Joi.StringSchema =>
  Joi.string().pattern(ROOM_ID, 'must be 1–64 of A–Z a–z 0–9 _ . : - and start with a letter or digit');
export const someId = (): Joi.StringSchema => Joi.string().pattern(/^[\x21-\x7e]{1,80}$/, 'is not an id');
export const content = (): Joi.StringSchema => text({ max: MAX_CONTENT });

/** Any 1–64 characters that PostgreSQL can store. */
export const clientId = (): Joi.StringSchema =>
  Joi.string().custom((value: string, h) =>
    value.isWellFormed() && !value.includes('\0') && [...value].length <= 64
      ? value
      : say(h, 'must be 1–64 characters'),
  );

export const sendBody: Joi.ObjectSchema<SendBody> = Joi.object<SendBody>({
  chat_id: roomId(),
  recipient_id: someId(),
  content: content(),
  message_type: Joi.string().valid('text', 'image', 'file'),
  attachments: Joi.array().items(someId()).max(20).unique(),
  reply_to: someId(),
  client_id: clientId(),
}).xor('chat_id', 'recipient_id');

/** @param body as `sendBody` let it in. @throws AppError VALIDATION_ERROR when there is nothing in it. */
export function draftOf(sender: Sender, body: SendBody, judge: Judge): Draft {
  const text = body.content ?? '';
  const file_ids = body.attachments ?? [];
  if (text === '' && file_ids.length === 0)
    throw invalidField('content', 'content must have 1–4000 characters after markup is removed');
  const recipient_id = body.recipient_id ?? null;
  const room_id = body.chat_id ?? directId(sender.user_id, recipient_id as string);
  const message_type = body.message_type ?? 'text';
  const reply_to = body.reply_to ?? null;
  const client_id = body.client_id ?? null;
  const same = JSON.stringify([text, message_type, file_ids, reply_to]);
  const body_hash = client_id === null ? null : hash('sha1', same, 'base64');
  const judged = judge(text);
  return {
    room_id,
    sender,
    recipient_id,
    content: judged.text,
    message_type,
    file_ids,
    attachments: [],
    reply_to,
    client_id,
    body_hash,
    blocked: judged.blocked ? blockedError() : undefined,
  };
}
