// Owns: what the server sends, for the documents. The durable ones are made by message and pass through here unread.
import Joi from 'joi';

const id = () => Joi.string().required();
const seq = () => Joi.number().integer().required();
const time = () => Joi.string().isoDate().required();
const type = (name: string) => Joi.string().valid(name).required();
const event = (name: string, fields: object) => Joi.object({ type: type(name), chat_id: id(), seq: seq(), ...fields });

const resumed = Joi.object({ from: seq(), to: seq(), complete: Joi.boolean().required() });

export const SERVER_FRAMES: { name: string; summary: string; schema: Joi.ObjectSchema }[] = [
  {
    name: 'hello',
    summary: 'First frame; whatever commits after it arrives',
    schema: Joi.object({
      type: type('hello'),
      user_id: id(),
      connection_id: id(),
      node: id(),
      server_time: time(),
      heartbeat_ms: seq(),
      token_expires_at: time(),
    }),
  },
  {
    name: 'ack',
    summary: 'A message of this connection is committed; comes before its frame',
    schema: Joi.object({
      type: type('ack'),
      client_id: Joi.string().allow(null).required(),
      message_id: id(),
      chat_id: id(),
      seq: seq(),
      created_at: time(),
    }),
  },
  {
    name: 'error',
    summary: 'A frame was refused',
    schema: Joi.object({
      type: type('error'),
      code: id(),
      message: id(),
      details: Joi.object().required(),
      client_id: Joi.string(),
      retry_after_ms: Joi.number().integer(),
    }),
  },
  { name: 'pong', summary: 'Answer to ping', schema: Joi.object({ type: type('pong') }) },
  {
    name: 'authenticated',
    summary: 'Answer to auth',
    schema: Joi.object({ type: type('authenticated'), token_expires_at: time() }),
  },
  {
    name: 'resumed',
    summary: 'All rooms of a resume are live again; `complete: false` means: fetch history',
    schema: Joi.object({ type: type('resumed'), rooms: Joi.object().pattern(Joi.string(), resumed).required() }),
  },
  {
    name: 'message',
    summary: 'A message was created',
    schema: event('message', {
      id: id(),
      sender_id: id(),
      recipient_id: Joi.string(),
      content: Joi.string().allow('').required(),
      message_type: Joi.string().valid('text', 'image', 'file', 'system').required(),
      attachments: Joi.array().items(Joi.object()).required(),
      reply_to: Joi.string().allow(null).required(),
      thread_count: seq(),
      reactions: Joi.array().items(Joi.object()).required(),
      status: Joi.string().valid('sent', 'delivered', 'read').required(),
      is_edited: Joi.boolean().required(),
      is_deleted: Joi.boolean().required(),
      created_at: time(),
      updated_at: time(),
      client_id: Joi.string(),
    }),
  },
  {
    name: 'message_updated',
    summary: 'A message was edited',
    schema: event('message_updated', {
      message_id: id(),
      content: id(),
      attachments: Joi.array().required(),
      is_edited: Joi.boolean().required(),
      updated_at: time(),
    }),
  },
  { name: 'message_deleted', summary: 'A message was deleted', schema: event('message_deleted', { message_id: id() }) },
  {
    name: 'reaction',
    summary: 'A reaction came or went',
    schema: event('reaction', {
      message_id: id(),
      user_id: id(),
      emoji: id(),
      action: Joi.string().valid('added', 'removed').required(),
    }),
  },
  {
    name: 'member_joined',
    summary: 'Somebody entered the room',
    schema: event('member_joined', { user_id: id(), role: Joi.string() }),
  },
  {
    name: 'member_left',
    summary: 'Somebody left the room',
    schema: event('member_left', { user_id: id(), role: Joi.string() }),
  },
  { name: 'room_updated', summary: 'What changed of the room', schema: event('room_updated', {}).unknown(true) },
  {
    name: 'room_joined',
    summary: 'I am in a room now',
    schema: Joi.object({ type: type('room_joined'), chat_id: id() }).unknown(true),
  },
  {
    name: 'room_removed',
    summary: 'I am out of a room',
    schema: Joi.object({ type: type('room_removed'), chat_id: id() }).unknown(true),
  },
  {
    name: 'user_status',
    summary: 'Somebody with whom I share a direct or small room came or went',
    schema: Joi.object({
      type: type('user_status'),
      user_id: id(),
      status: Joi.string().valid('online', 'offline').required(),
      timestamp: time(),
    }),
  },
  {
    name: 'message_status',
    summary: 'A message of mine was delivered or read',
    schema: Joi.object({
      type: type('message_status'),
      message_id: id(),
      status: Joi.string().valid('delivered', 'read').required(),
      timestamp: time(),
    }).unknown(true),
  },
  {
    name: 'typing',
    summary: 'Somebody is typing',
    schema: Joi.object({ type: type('typing'), chat_id: id(), user_id: id(), timestamp: time() }),
  },
];
