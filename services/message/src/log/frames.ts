// Frames made by the message service. Frames of a room's log are encoded once; the same text is
// stored, published and replayed. The realtime nodes read the schemas from GET /internal/frames for
// the AsyncAPI document.
import { answerSchema, anyText, type Custom, count, type JsonSchema, oneOf, time, wireObject } from '@chatapi/kit';
import Joi from 'joi';
import { withCustom } from './frame-text.ts';
import {
  type Attachment,
  attachmentSchema,
  type Message,
  type MessageFrame,
  messageFrameSchema,
  type StoredAttachment,
  shownCustom,
} from './message.ts';
import { type UserSummary, userSummaryFields } from './user-summary.ts';

export type MemberRole = 'owner' | 'moderator' | 'member';

interface Logged<Type extends string> {
  type: Type;
  chat_id: string;
  /** Position of this event in the log of its room. */
  seq: number;
}

export interface LoggedFrames {
  message_updated: Logged<'message_updated'> & {
    message_id: string;
    content: string;
    attachments: Attachment[];
    is_edited: boolean;
    updated_at: string;
    /** Missing in events of older versions. */
    mentions?: string[];
    custom?: Custom;
    is_deleted?: true;
  };
  message_deleted: Logged<'message_deleted'> & {
    message_id: string;
    reply_to?: string;
    parent_thread_count?: number;
  };
  reaction: Logged<'reaction'> & {
    message_id: string;
    user_id: string;
    emoji: string;
    action: 'added' | 'removed';
    /** Missing in frames of older versions. */
    count?: number;
  };
  member_joined: Logged<'member_joined'> & { user_id: string; role: MemberRole };
  member_left: Logged<'member_left'> & { user_id: string };
  room_updated: Logged<'room_updated'> & {
    name?: string | null;
    topic?: string | null;
    visibility?: 'public' | 'private';
    slow_mode_seconds?: number;
    archived?: boolean;
    updated_at?: string;
    member?: ChangedMember;
    recipient_deleted?: true;
  };
}

interface ChangedMember {
  user_id: string;
  /** null: no longer a member. */
  role: MemberRole | null;
  muted_until?: string | null;
}

/** Sent only to one user's connections. They are not part of the log. */
export interface Notices {
  room_joined: { type: 'room_joined'; chat_id: string; role: MemberRole; timestamp: string };
  room_removed: { type: 'room_removed'; chat_id: string; deleted?: true; timestamp: string };
  message_status: {
    type: 'message_status';
    message_id: string;
    chat_id: string;
    status: 'delivered' | 'read';
    timestamp: string;
  };
  read: {
    type: 'read';
    chat_id: string;
    read_seq: number;
    unread_count: number;
    last_seq: number;
    timestamp: string;
  };
}

/** Of no room: to whoever sees the person. */
interface UserUpdated extends UserSummary {
  type: 'user_updated';
  user_id: string;
  timestamp: string;
}

type AllFrames = { message: MessageFrame; user_updated: UserUpdated } & LoggedFrames & Notices;

const id = () => Joi.string();
const role = () => oneOf('owner', 'moderator', 'member');
const muted_until = () => time().allow(null).description('null: not muted; the year 9999: until unmuted');

const logged = <Type extends string>(type: Type) => ({
  type: oneOf(type),
  chat_id: id(),
  seq: count().min(1).description('position of this event in the log of its room'),
});

const changedMember = wireObject<ChangedMember>(
  'ChangedMember',
  { user_id: id(), role: role().allow(null).description('null: no longer a member') },
  { muted_until: muted_until() },
);

type Frames<Of> = { [Type in keyof Of]: { summary: string; schema: Joi.ObjectSchema<Of[Type]> } };

export const FRAMES: Frames<AllFrames> = {
  message: {
    summary: 'A new message',
    schema: messageFrameSchema,
  },
  message_updated: {
    summary: 'A message was edited, lost a file, or mentions somebody who became known; only edits set is_edited',
    schema: wireObject<LoggedFrames['message_updated']>(
      'MessageUpdatedFrame',
      {
        ...logged('message_updated'),
        message_id: id(),
        content: anyText(),
        attachments: Joi.array().items(attachmentSchema),
        is_edited: Joi.boolean(),
        updated_at: time(),
      },
      {
        mentions: Joi.array()
          .items(Joi.string())
          .description('as after the change; missing only in events that an older version wrote'),
        custom: shownCustom(),
        is_deleted: Joi.boolean().valid(true).description('only in the replay of an edit whose text was removed'),
      },
    ),
  },
  message_deleted: {
    summary: 'A message was deleted',
    schema: wireObject<LoggedFrames['message_deleted']>(
      'MessageDeletedFrame',
      { ...logged('message_deleted'), message_id: id() },
      {
        reply_to: id().description('of a reply: its parent'),
        parent_thread_count: count().description('of a reply: the number of replies of its parent after this event'),
      },
    ),
  },
  reaction: {
    summary: 'A reaction was added or removed',
    schema: wireObject<LoggedFrames['reaction']>(
      'ReactionFrame',
      {
        ...logged('reaction'),
        message_id: id(),
        user_id: id(),
        emoji: anyText().description('empty if the user was erased: all their reactions to the message are removed'),
        action: oneOf('added', 'removed'),
      },
      { count: count().description('reactions with this emoji after the event; missing in older events') },
    ),
  },
  member_joined: {
    summary: 'A user became a member of the room',
    schema: wireObject<LoggedFrames['member_joined']>('MemberJoinedFrame', {
      ...logged('member_joined'),
      user_id: id(),
      role: role(),
    }),
  },
  member_left: {
    summary: 'A user left the room or was removed from it',
    schema: wireObject<LoggedFrames['member_left']>('MemberLeftFrame', { ...logged('member_left'), user_id: id() }),
  },
  room_updated: {
    summary: 'Fields of the room, a member’s role or a mute changed; contains only what changed',
    schema: wireObject<LoggedFrames['room_updated']>('RoomUpdatedFrame', logged('room_updated'), {
      name: anyText().allow(null),
      topic: anyText().allow(null),
      visibility: oneOf('public', 'private'),
      slow_mode_seconds: count(),
      archived: Joi.boolean(),
      updated_at: time(),
      member: changedMember,
      recipient_deleted: Joi.boolean().valid(true).description('the other user of this direct room was deleted'),
    }),
  },
  room_joined: {
    summary: 'The user of the connection became a member of a room',
    schema: wireObject<Notices['room_joined']>('RoomJoinedFrame', {
      type: oneOf('room_joined'),
      chat_id: id(),
      role: role(),
      timestamp: time(),
    }),
  },
  room_removed: {
    summary: 'The user of the connection is no longer a member of a room',
    schema: wireObject<Notices['room_removed']>(
      'RoomRemovedFrame',
      { type: oneOf('room_removed'), chat_id: id(), timestamp: time() },
      { deleted: Joi.boolean().valid(true).description('the room was deleted') },
    ),
  },
  message_status: {
    summary: 'A message of the connection’s user was delivered or read',
    schema: wireObject<Notices['message_status']>('MessageStatusFrame', {
      type: oneOf('message_status'),
      message_id: id(),
      chat_id: id(),
      status: oneOf('delivered', 'read'),
      timestamp: time(),
    }),
  },
  user_updated: {
    summary: 'The name or avatar of the user, or of somebody whose presence the user sees, changed',
    schema: wireObject<UserUpdated>('UserUpdatedFrame', {
      type: oneOf('user_updated'),
      user_id: id(),
      ...userSummaryFields,
      timestamp: time(),
    }),
  },
  read: {
    summary: 'The user of the connection has read further in a room, on another connection or by REST',
    schema: wireObject<Notices['read']>('ReadFrame', {
      type: oneOf('read'),
      chat_id: id(),
      read_seq: count(),
      unread_count: count().description('as of `last_seq`: unread messages with a higher seq come on top'),
      last_seq: count(),
      timestamp: time(),
    }),
  },
};

export type FrameDocuments = Record<string, { summary: string; schema: JsonSchema }>;

/** @param others frames of this service that are no events or notices of rooms. */
export const describeFrames = (
  others: Record<string, { summary: string; schema: Joi.Schema }>,
): { frames: FrameDocuments } => ({
  frames: Object.fromEntries(
    Object.entries({ ...FRAMES, ...others }).map(([type, { summary, schema }]) => [
      type,
      { summary, schema: answerSchema(schema) },
    ]),
  ),
});

/**
 * The text of a `message` frame before and after its seq, which the inserting statement assigns.
 */
export function messageFrame({ id, chat_id, seq: _, custom, ...rest }: Message<StoredAttachment>): {
  before: string;
  after: string;
} {
  return {
    before: `{"type":"message","id":${JSON.stringify(id)},"chat_id":${JSON.stringify(chat_id)},"seq":`,
    after: `,${withCustom(rest, custom).slice(1)}`,
  };
}

type Stored<T> = { [K in keyof T]: K extends 'attachments' ? StoredAttachment[] : T[K] };
type Fields<T> = Stored<Omit<T, 'type' | 'chat_id' | 'seq' | 'timestamp'>>;

/** Any other frame of a room's log, as a function of its seq. */
export const eventFrame =
  <Type extends keyof LoggedFrames>(
    type: Type,
    chat_id: string,
    { custom, ...fields }: Fields<LoggedFrames[Type]> & { custom?: Custom },
  ) =>
  (seq: number): string =>
    withCustom({ type, chat_id, seq, ...fields }, custom);

export const userUpdated = (person: Omit<UserUpdated, 'type' | 'timestamp'>): string =>
  JSON.stringify({ type: 'user_updated', ...person, timestamp: new Date().toISOString() } satisfies UserUpdated);

export const notice = <Type extends keyof Notices>(
  type: Type,
  chat_id: string,
  fields: Fields<Notices[Type]>,
): string => JSON.stringify({ type, chat_id, ...fields, timestamp: new Date().toISOString() });
