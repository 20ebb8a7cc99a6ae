// The shapes of answers, for the documents.
import Joi from 'joi';

const time = () => Joi.string().isoDate();
const text = () => Joi.string().allow('');

export const attachmentShape = Joi.object({
  id: Joi.string(),
  filename: Joi.string(),
  content_type: Joi.string(),
  size: Joi.number().integer(),
  sha256: Joi.string(),
  description: text().allow(null),
  url: Joi.string().description(
    'signed: works in an `<img>` until `url_expires_at`; GET /files/{id} gives a fresh one',
  ),
  url_expires_at: time(),
  thumbnail_url: Joi.string().allow(null),
});

export const messageShape = Joi.object({
  id: Joi.string(),
  chat_id: Joi.string(),
  seq: Joi.number().integer().description('place of its creation in the room’s log; never changes'),
  sender_id: Joi.string(),
  recipient_id: Joi.string(),
  content: text(),
  message_type: Joi.string().valid('text', 'image', 'file', 'system'),
  attachments: Joi.array().items(attachmentShape),
  reply_to: Joi.string().allow(null),
  mentions: Joi.array().items(Joi.string()).description('ids of the users named by @username'),
  thread_count: Joi.number().integer(),
  reactions: Joi.array().items(
    Joi.object({ emoji: Joi.string(), count: Joi.number().integer(), user_ids: Joi.array().items(Joi.string()) }),
  ),
  status: Joi.string().valid('sent', 'delivered', 'read'),
  is_edited: Joi.boolean(),
  is_deleted: Joi.boolean(),
  created_at: time(),
  updated_at: time(),
  client_id: Joi.string(),
});

const many = (name: string, shape: Joi.Schema, more: Joi.SchemaMap = {}): Joi.ObjectSchema =>
  Joi.object({ [name]: Joi.array().items(shape), has_more: Joi.boolean(), ...more });

export const messagesShape = many('messages', messageShape, { last_seq: Joi.number().integer() });

export const roomShape = Joi.object({
  id: Joi.string(),
  chat_id: Joi.string(),
  kind: Joi.string().valid('public', 'private', 'direct'),
  name: text().allow(null),
  topic: text().allow(null),
  visibility: Joi.string().valid('public', 'private'),
  role: Joi.string().valid('owner', 'moderator', 'member').allow(null),
  recipient_id: Joi.string().description('the other one of a direct room'),
  member_count: Joi.number().integer(),
  slow_mode_seconds: Joi.number().integer().description('members may send once per so many; 0: off'),
  last_seq: Joi.number().integer(),
  read_seq: Joi.number().integer(),
  unread_count: Joi.number().integer(),
  last_message: messageShape.allow(null),
  created_at: time(),
  updated_at: time(),
});
export const roomsShape = many('rooms', roomShape);

export const memberShape = Joi.object({
  user_id: Joi.string(),
  username: text(),
  display_name: text(),
  role: Joi.string().valid('owner', 'moderator', 'member'),
  joined_at: time(),
  read_seq: Joi.number().integer(),
  muted_until: time().allow(null).description('null: not muted; the year 9999: until unmuted'),
});
export const membersShape = many('members', memberShape);
