// A message as clients see it, as the table stores it, and as it is inserted. Files that a new
// field touches: docs/add-a-message-field.md.
import { anyText, type Custom, count, customObject, oneOf, time, wireObject } from '@chatapi/kit';
import Joi from 'joi';
import { emojiOf } from './emoji.ts';

export interface Attachment {
  id: string;
  filename: string;
  content_type: string;
  size: number;
  sha256: string;
  description: string | null;
  /** Signed for the user who receives it. */
  url: string;
  url_expires_at: string;
  thumbnail_url: string | null;
}

/** In tables, and in frames from message to a realtime node, URLs are unsigned paths. */
export type StoredAttachment = Omit<Attachment, 'url_expires_at'>;

export const attachmentSchema = wireObject<Attachment>('Attachment', {
  id: Joi.string(),
  filename: Joi.string(),
  content_type: Joi.string(),
  size: count().description('in bytes'),
  sha256: Joi.string(),
  description: anyText().allow(null),
  url: Joi.string().description(
    'relative and signed: usable in an `<img>` until `url_expires_at`; GET /files/{id} gives a new one',
  ),
  url_expires_at: time(),
  thumbnail_url: Joi.string().allow(null),
});

export interface Reaction {
  emoji: string;
  count: number;
  user_ids: string[];
  /** Whether the reader is one of the users. */
  me: boolean;
}

const reactionSchema = wireObject<Reaction>('Reaction', {
  emoji: Joi.string(),
  count: count(),
  user_ids: Joi.array().items(Joi.string()).description('the first 20'),
  me: Joi.boolean().description('whether the caller is one of them'),
});

export interface Message<File = Attachment> {
  id: string;
  chat_id: string;
  seq: number;
  sender_id: string;
  recipient_id?: string;
  content: string;
  message_type: 'text' | 'image' | 'file' | 'system';
  attachments: File[];
  reply_to: string | null;
  mentions: string[];
  thread_count: number;
  reactions: Reaction[];
  status: 'sent' | 'delivered' | 'read';
  is_edited: boolean;
  is_deleted: boolean;
  created_at: string;
  updated_at: string;
  client_id?: string;
  /** Of the application's own. */
  custom?: Custom;
  /** The application key that sent it as its sender. For admins, by REST only. */
  sent_by_key?: string;
}

export const shownCustom = (): Joi.ObjectSchema<Custom> =>
  customObject().description('of the application’s own, as it was sent; missing where there is none');

const messageObject = (title: string, extra: Joi.SchemaMap = {}) =>
  wireObject<Message>(
    title,
    {
      ...extra,
      id: Joi.string(),
      chat_id: Joi.string(),
      seq: count().min(1).description('position of its creation in the log of its room; never changes'),
      sender_id: Joi.string(),
      content: anyText().description('empty in a deleted message'),
      message_type: oneOf('text', 'image', 'file', 'system'),
      attachments: Joi.array().items(attachmentSchema),
      reply_to: Joi.string().allow(null).description('id of a message'),
      mentions: Joi.array().items(Joi.string()).description('ids of the users named by @username'),
      thread_count: count().description('number of replies'),
      reactions: Joi.array().items(reactionSchema),
      status: oneOf('sent', 'delivered', 'read').description('as the sender sees it'),
      is_edited: Joi.boolean(),
      is_deleted: Joi.boolean(),
      created_at: time(),
      updated_at: time(),
    },
    {
      recipient_id: Joi.string().description('in a direct room'),
      client_id: Joi.string(),
      custom: shownCustom(),
      sent_by_key: Joi.string().description('only for admins: the application key that sent it as its sender'),
    },
  );

export const messageSchema = messageObject('Message');

export type MessageFrame = Message & { type: 'message'; parent_thread_count?: number };
export const messageFrameSchema = messageObject('MessageFrame', { type: oneOf('message') }).append({
  parent_thread_count: count().description('of a reply: the number of replies of its parent after this event'),
}) as Joi.ObjectSchema<MessageFrame>;

/** Fields of a send that the table stores unchanged. */
export interface SentFields {
  recipient_id: string | null;
  client_id: string | null;
  content: string;
  message_type: Message['message_type'];
  attachments: StoredAttachment[];
  reply_to: string | null;
  /** Undefined or, as the table has it, null: none. */
  custom?: Custom | null;
}

/** Fields that the inserting statement writes, besides seq and times. */
export interface InsertedFields extends SentFields {
  id: string;
  room_id: string;
  sender_id: string;
  body_hash: string | null;
  mentions: string[];
  /** Names in the content that nobody is known to have yet; null: none. */
  unknown_names: string[] | null;
  /** The text form of a tsvector. */
  search: string;
  search_version: number;
}

/** SQL types of the inserted fields, which travel as JSON. */
export const INSERTED: Record<keyof InsertedFields, string> = {
  id: 'text',
  room_id: 'text',
  sender_id: 'text',
  recipient_id: 'text',
  client_id: 'text',
  body_hash: 'text',
  content: 'text',
  message_type: 'text',
  attachments: 'jsonb',
  reply_to: 'text',
  mentions: 'text[]',
  unknown_names: 'text[]',
  search: 'tsvector',
  search_version: 'smallint',
  custom: 'json',
};

/** Columns of a message in a data export. */
export const EXPORTED =
  'id, room_id chat_id, seq, recipient_id, content, message_type, attachments, reply_to, custom, is_edited, created_at, updated_at';

/** Columns that only statements use. */
type Unread = 'body_hash' | 'unknown_names' | 'search' | 'search_version';

export interface MessageRow extends Omit<InsertedFields, Unread> {
  seq: number;
  thread_count: number;
  is_edited: boolean;
  is_deleted: boolean;
  created_at: Date;
  updated_at: Date;
}

const { body_hash: _, unknown_names: __, search: ___, search_version: ____, ...READ } = INSERTED;

/** Columns of the table `messages m`. */
export const COLUMNS = [
  ...Object.keys(READ),
  'seq',
  'thread_count',
  'is_edited',
  'is_deleted',
  'created_at',
  'updated_at',
]
  .map((column) => `m.${column}`)
  .join(', ');

/**
 * Realtime nodes generate a client_id when the client sends none, so that their retries create no
 * duplicates. Clients do not see it.
 */
export const shownClientId = (clientId: string | null): string | undefined =>
  clientId === null || clientId.startsWith('node:con_') ? undefined : clientId;

/** `seen`: the fields that depend on the reader. */
export const toMessage = (
  row: MessageRow & { reactions: Reaction[] | null },
  seen: Pick<Message, 'attachments' | 'status'>,
): Message => ({
  id: row.id,
  chat_id: row.room_id,
  seq: row.seq,
  sender_id: row.sender_id,
  recipient_id: row.recipient_id ?? undefined,
  content: row.content,
  message_type: row.message_type,
  attachments: seen.attachments,
  reply_to: row.reply_to,
  mentions: row.mentions,
  thread_count: row.thread_count,
  reactions: (row.reactions ?? []).map((one) => ({ ...one, emoji: emojiOf(one.emoji) })),
  status: seen.status,
  is_edited: row.is_edited,
  is_deleted: row.is_deleted,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
  client_id: shownClientId(row.client_id),
  custom: row.custom ?? undefined,
});

/** A message before its insertion. The database assigns its seq. */
export const newMessage = (row: InsertedFields, at: string): Message<StoredAttachment> => ({
  id: row.id,
  chat_id: row.room_id,
  seq: 0,
  sender_id: row.sender_id,
  recipient_id: row.recipient_id ?? undefined,
  content: row.content,
  message_type: row.message_type,
  attachments: row.attachments,
  reply_to: row.reply_to,
  mentions: row.mentions,
  thread_count: 0,
  reactions: [],
  status: 'sent',
  is_edited: false,
  is_deleted: false,
  created_at: at,
  updated_at: at,
  client_id: shownClientId(row.client_id),
  custom: row.custom ?? undefined,
});
