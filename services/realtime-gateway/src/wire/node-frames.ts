// Frames made by this node, and the announcements of admin. Frames of the room log:
// services/message/src/log/frames.ts.
import type { TypingFrame } from '@chatapi/bus';
import { anyText, count, ERROR_STATUS, type ErrorCode, oneOf, time, wireObject } from '@chatapi/kit';
import Joi from 'joi';

export interface ResumedRoom {
  from: number;
  to: number;
  complete: boolean;
  read_seq?: number;
  unread_count?: number;
  last_seq?: number;
}

export interface ServerFrames {
  hello: {
    type: 'hello';
    user_id: string;
    connection_id: string;
    node: string;
    server_time: string;
    heartbeat_ms: number;
    token_expires_at: string;
  };
  ack: {
    type: 'ack';
    client_id: string | null;
    message_id: string;
    chat_id: string;
    seq: number;
    created_at: string;
  };
  error: {
    type: 'error';
    code: ErrorCode;
    message: string;
    details: Record<string, unknown>;
    client_id?: string;
    retry_after_ms?: number;
  };
  user_status: { type: 'user_status'; user_id: string; status: 'online' | 'offline'; timestamp: string };
  announcement: { type: 'announcement'; id: string; text: string; created_at: string };
  typing: TypingFrame;
  resumed: { type: 'resumed'; rooms: Record<string, ResumedRoom> };
  authenticated: { type: 'authenticated'; token_expires_at: string };
  pong: { type: 'pong' };
  staff_ended: { type: 'staff_ended'; timestamp: string };
}

export type ServerFrame = ServerFrames[keyof ServerFrames];

const id = () => Joi.string();

type Described = { [Type in keyof ServerFrames]: { summary: string; schema: Joi.ObjectSchema<ServerFrames[Type]> } };

export const SERVER_FRAMES: Described = {
  hello: {
    summary: 'First frame; live frames follow it',
    schema: wireObject<ServerFrames['hello']>('HelloFrame', {
      type: oneOf('hello'),
      user_id: id(),
      connection_id: id(),
      node: Joi.string(),
      server_time: time(),
      heartbeat_ms: count().description('time between two pings'),
      token_expires_at: time(),
    }),
  },
  ack: {
    summary: 'A message is committed; sent before its `message` frame',
    schema: wireObject<ServerFrames['ack']>('AckFrame', {
      type: oneOf('ack'),
      client_id: anyText().allow(null).description('as the client sent it; null: it sent none'),
      message_id: id(),
      chat_id: id(),
      seq: count().min(1).description('position of the message in the log of its room'),
      created_at: time(),
    }),
  },
  error: {
    summary: 'A frame was refused',
    schema: wireObject<ServerFrames['error']>(
      'ErrorFrame',
      {
        type: oneOf('error'),
        code: oneOf(...(Object.keys(ERROR_STATUS) as ErrorCode[])),
        message: Joi.string(),
        details: Joi.object<Record<string, unknown>>().unknown(),
      },
      { client_id: anyText().description('of the refused message'), retry_after_ms: count() },
    ),
  },
  user_status: {
    summary: 'A user came online or went offline',
    schema: wireObject<ServerFrames['user_status']>('UserStatusFrame', {
      type: oneOf('user_status'),
      user_id: id(),
      status: oneOf('online', 'offline'),
      timestamp: time(),
    }),
  },
  announcement: {
    summary: 'An admin announces something to all users; also at GET /announcements',
    schema: wireObject<ServerFrames['announcement']>('AnnouncementFrame', {
      type: oneOf('announcement'),
      id: id(),
      text: Joi.string(),
      created_at: time(),
    }),
  },
  typing: {
    summary: 'A user is typing, or has stopped',
    schema: wireObject<ServerFrames['typing']>('TypingFrame', {
      type: oneOf('typing'),
      chat_id: id(),
      user_id: id(),
      expires_in_ms: count().description('without another frame the user has stopped after this time; 0: stopped'),
      timestamp: time(),
    }),
  },
  resumed: {
    summary: 'The requested replay is complete',
    schema: wireObject<ServerFrames['resumed']>('ResumedFrame', {
      type: oneOf('resumed'),
      rooms: Joi.object<ServerFrames['resumed']['rooms']>().pattern(
        Joi.string(),
        wireObject<ResumedRoom>(
          'ResumedRoom',
          {
            from: count().description('as requested'),
            to: count(),
            complete: Joi.boolean().description('false: the log does not reach back that far; fetch history'),
          },
          {
            read_seq: count().description('where the user has read to; of rooms of the user, if it is known now'),
            unread_count: count().description('as of `last_seq`: unread messages with a higher seq come on top'),
            last_seq: count(),
          },
        ),
      ),
    }),
  },
  authenticated: {
    summary: 'The new token is accepted',
    schema: wireObject<ServerFrames['authenticated']>('AuthenticatedFrame', {
      type: oneOf('authenticated'),
      token_expires_at: time(),
    }),
  },
  pong: {
    summary: 'Response to a ping',
    schema: wireObject<ServerFrames['pong']>('PongFrame', { type: oneOf('pong') }),
  },
  staff_ended: {
    summary: 'The subscription of staff ended, with the role',
    schema: wireObject<ServerFrames['staff_ended']>('StaffEndedFrame', {
      type: oneOf('staff_ended'),
      timestamp: time(),
    }),
  },
};
