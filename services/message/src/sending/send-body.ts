// The body of a send, for REST and for realtime nodes, and the draft that is made of it.
import { hash } from 'node:crypto';
import {
  type AppError,
  boundedList,
  type Custom,
  directRoomId,
  idOf,
  newCustom,
  roomId,
  withCheck,
} from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import Joi from 'joi';
import { clientId, content, emptyContent, orNone } from '../content-field.ts';
import type { SentFields } from '../log/message.ts';
import { blockedError } from '../word-filter/word-list.ts';
import type { Judge } from '../word-filter/word-matcher.ts';

export interface SendBody {
  chat_id?: string;
  recipient_id?: string;
  content?: string;
  message_type?: 'text' | 'image' | 'file';
  attachments?: string[];
  reply_to?: string;
  client_id?: string;
  custom?: Custom;
}

/** The sender, and the connection and realtime node that sent it ('' for REST). */
export interface Sender {
  user_id: string;
  role: Role;
  origin: string;
  node: string;
  /** The application key that acts as the sender. */
  key_id?: string;
}

export interface Draft {
  room_id: string;
  sender: Sender;
  fields: SentFields;
  file_ids: string[];
  /**
   * Of the body as sent, before the word filter: a repeat must match after changes of the filter.
   */
  body_hash: string | null;
  /** The word filter's error. A repeat of a message that was accepted earlier passes. */
  blocked: AppError | undefined;
}

const fields = Joi.object<SendBody>({
  chat_id: roomId(),
  recipient_id: idOf('usr'),
  content: content(),
  message_type: Joi.string().valid('text', 'image', 'file'),
  attachments: boundedList(20, idOf('file')).unique(),
  reply_to: idOf('msg'),
  client_id: clientId(),
  custom: newCustom(),
}).xor('chat_id', 'recipient_id');

/** The content is a cleaned one. */
export const sendBody: Joi.ObjectSchema<SendBody> = withCheck(fields, ({ content = '', attachments }) =>
  content === '' && !(attachments as unknown[] | undefined)?.length ? [emptyContent()] : [],
);

/** @param body validated by `sendBody`. */
export function draftOf(sender: Sender, body: SendBody, judge: Judge): Draft {
  const text = body.content ?? '';
  const file_ids = body.attachments ?? [];
  const recipient_id = body.recipient_id ?? null;
  const room_id = body.chat_id ?? directRoomId(sender.user_id, recipient_id as string);
  const message_type = body.message_type ?? 'text';
  const reply_to = body.reply_to ?? null;
  const client_id = body.client_id ?? null;
  const custom = orNone(body.custom);
  const same = JSON.stringify([text, message_type, file_ids, reply_to, ...(custom === undefined ? [] : [custom])]);
  const body_hash = client_id === null ? null : hash('sha1', same, 'base64');
  const judged = judge(text);
  return {
    room_id,
    sender,
    fields: { recipient_id, client_id, content: judged.text, message_type, attachments: [], reply_to, custom },
    file_ids,
    body_hash,
    blocked: judged.blocked ? blockedError() : undefined,
  };
}
