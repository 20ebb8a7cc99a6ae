// Owns: the shapes of what clients receive, for the documents. Durable frames are made by message; they pass here unread.
import Joi from 'joi';

const text = () => Joi.string().required();
const time = () => Joi.string().isoDate().required();
const seq = () => Joi.number().integer().min(1).required().description('place in the room’s log');
const type = (name: string) => Joi.string().valid(name).required();
const durable = (name: string) => ({ type: type(name), chat_id: text(), seq: seq() });

export interface ServerFrame {
  summary: string;
  schema: Joi.ObjectSchema;
}

const message = {
  ...durable('message'),
  id: text(),
  sender_id: text(),
  recipient_id: Joi.string(),
  content: Joi.string().allow('').required(),
  message_type: Joi.string().valid('text', 'image', 'file', 'system').required(),
  attachments: Joi.array().items(Joi.object().unknown()).required(),
  reply_to: Joi.string().allow(null).required(),
  mentions: Joi.array().items(Joi.string()).required(),
  thread_count: Joi.number().integer().required(),
  reactions: Joi.array().items(Joi.object().unknown()).required(),
  status: Joi.string().valid('sent', 'delivered', 'read').required(),
  is_edited: Joi.boolean().required(),
  is_deleted: Joi.boolean().required(),
  created_at: time(),
  updated_at: time(),
  client_id: Joi.string(),
};

export const SERVER_FRAMES: Record<string, ServerFrame> = {
  hello: {
    summary: 'First frame: from here on everything arrives',
    schema: Joi.object({
      type: type('hello'),
      user_id: text(),
      connection_id: text(),
      node: text(),
      server_time: time(),
      heartbeat_ms: Joi.number().integer().required(),
      token_expires_at: time(),
    }),
  },
  ack: {
    summary: 'A message is committed; always before its own frame',
    schema: Joi.object({
      type: type('ack'),
      client_id: Joi.string().allow(null).required(),
      message_id: text(),
      chat_id: text(),
      seq: seq(),
      created_at: time(),
    }),
  },
  error: {
    summary: 'A frame was not taken',
    schema: Joi.object({
      type: type('error'),
      code: text(),
      message: text(),
      details: Joi.object().unknown().required(),
      client_id: Joi.string(),
      retry_after_ms: Joi.number().integer(),
    }),
  },
  message: { summary: 'A new message', schema: Joi.object(message) },
  message_updated: {
    summary: 'A message was edited',
    schema: Joi.object({
      ...durable('message_updated'),
      message_id: text(),
      content: Joi.string().allow('').required(),
      attachments: Joi.array().items(Joi.object().unknown()).required(),
      is_edited: Joi.boolean().required(),
      updated_at: time(),
    }),
  },
  message_deleted: {
    summary: 'A message was deleted',
    schema: Joi.object({ ...durable('message_deleted'), message_id: text() }),
  },
  reaction: {
    summary: 'A reaction came or went',
    schema: Joi.object({
      ...durable('reaction'),
      message_id: text(),
      user_id: text(),
      emoji: text(),
      action: Joi.string().valid('added', 'removed').required(),
    }),
  },
  member_joined: {
    summary: 'Somebody is in the room',
    schema: Joi.object({ ...durable('member_joined'), user_id: text(), role: Joi.string() }),
  },
  member_left: {
    summary: 'Somebody left the room',
    schema: Joi.object({ ...durable('member_left'), user_id: text() }),
  },
  room_updated: {
    summary: 'The room’s fields or a member’s role changed',
    schema: Joi.object(durable('room_updated')).unknown(),
  },
  room_joined: {
    summary: 'I am in a room',
    schema: Joi.object({ type: type('room_joined'), chat_id: text() }).unknown(),
  },
  room_removed: {
    summary: 'I am no longer in a room',
    schema: Joi.object({ type: type('room_removed'), chat_id: text() }).unknown(),
  },
  user_status: {
    summary: 'Somebody came or went',
    schema: Joi.object({
      type: type('user_status'),
      user_id: text(),
      status: Joi.string().valid('online', 'offline').required(),
      timestamp: time(),
    }),
  },
  message_status: {
    summary: 'A message of mine was delivered or read',
    schema: Joi.object({
      type: type('message_status'),
      message_id: text(),
      chat_id: text(),
      seq: seq(),
      status: Joi.string().valid('delivered', 'read').required(),
      timestamp: time(),
    }),
  },
  announcement: {
    summary: 'The installation’s admins tell everybody something; who was away finds it at GET /announcements',
    schema: Joi.object({ type: type('announcement'), id: text(), text: text(), created_at: time() }),
  },
  typing: {
    summary: 'Somebody is typing',
    schema: Joi.object({ type: type('typing'), chat_id: text(), user_id: text(), timestamp: time() }),
  },
  resumed: {
    summary: 'The replay that was asked for is over',
    schema: Joi.object({
      type: type('resumed'),
      rooms: Joi.object()
        .pattern(
          Joi.string(),
          Joi.object({
            from: Joi.number().required(),
            to: Joi.number().required(),
            complete: Joi.boolean().required(),
          }),
        )
        .required(),
    }),
  },
  authenticated: {
    summary: 'The fresh token is taken',
    schema: Joi.object({ type: type('authenticated'), token_expires_at: time() }),
  },
  pong: { summary: 'Answer to ping', schema: Joi.object({ type: type('pong') }) },
};
