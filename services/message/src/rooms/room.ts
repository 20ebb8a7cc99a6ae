// A room as a user sees it.
import { anyText, count, oneOf, time, wireObject } from '@chatapi/kit';
import Joi from 'joi';
import type { Kind } from '../access/room-permissions.ts';
import { type Message, messageSchema } from '../log/message.ts';
import type { RoomOverview } from './room-overview-store.ts';

export interface Room {
  id: string;
  chat_id: string;
  kind: Kind;
  name: string | null;
  topic: string | null;
  visibility: 'public' | 'private';
  role: 'owner' | 'moderator' | 'member' | null;
  recipient_id?: string;
  recipient_deleted?: boolean;
  archived: boolean;
  member_count: number;
  slow_mode_seconds: number;
  last_seq: number;
  read_seq: number;
  unread_count: number;
  last_message: Message | null;
  created_at: string;
  updated_at: string;
}

export const roomSchema = wireObject<Room>(
  'Room',
  {
    id: Joi.string(),
    chat_id: Joi.string().description('same as `id`'),
    kind: oneOf('public', 'private', 'direct'),
    name: anyText().allow(null),
    topic: anyText().allow(null),
    visibility: oneOf('public', 'private'),
    role: oneOf('owner', 'moderator', 'member').allow(null).description('role of the caller; null: not a member'),
    archived: Joi.boolean().description('can be read and left; only admins write'),
    member_count: count(),
    slow_mode_seconds: count().description('minimum seconds between two messages of a member; 0: off'),
    last_seq: count(),
    read_seq: count(),
    unread_count: count(),
    last_message: messageSchema.allow(null),
    created_at: time(),
    updated_at: time(),
  },
  {
    recipient_id: Joi.string().description('the other user of a direct room'),
    recipient_deleted: Joi.boolean().description('only in direct rooms: that user was deleted, nothing can be sent'),
  },
);

export const toRoom = (row: RoomOverview, last_message: Message | null): Room => ({
  id: row.id,
  chat_id: row.id,
  kind: row.kind,
  name: row.name,
  topic: row.topic,
  visibility: row.kind === 'public' ? 'public' : 'private',
  role: row.role,
  ...(row.recipient_id === null ? {} : { recipient_id: row.recipient_id, recipient_deleted: row.recipient_deleted }),
  archived: row.archived_at !== null,
  member_count: row.member_count,
  slow_mode_seconds: row.slow_mode_seconds,
  last_seq: row.last_seq,
  read_seq: row.read_seq,
  unread_count: row.unread_count,
  last_message,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});
