// Owns: the description of the socket, made from the very schemas that take the frames.
import { jsonSchema } from '@chatapi/kit';
import type Joi from 'joi';
import { CLOSE } from './connections.ts';
import { FRAME_TYPES } from './frames.ts';
import { SERVER_FRAMES } from './server-frames.ts';

const SEND = [...FRAME_TYPES].map(([type, { schema, summary }]) => ({
  name: `send_${String(type ?? 'message')}`,
  summary,
  schema,
}));

const messagesOf = (list: { name: string; summary: string; schema: Joi.ObjectSchema }[]) =>
  Object.fromEntries(
    list.map(({ name, summary, schema }) => [
      name,
      { name, summary, contentType: 'application/json', payload: jsonSchema(schema) },
    ]),
  );

const refs = (list: { name: string }[]) => list.map(({ name }) => ({ $ref: `#/channels/socket/messages/${name}` }));

const CLOSE_CODES = [
  `${CLOSE.goingAway} the node is going away: reconnect and resume`,
  '1009 frame over 64 KiB',
  `${CLOSE.badFrames} ten bad frames in a row`,
  `${CLOSE.ended} token expired or session ended`,
  `${CLOSE.banned} account banned`,
  `${CLOSE.stalled} no progress in reading for 60 s`,
  `${CLOSE.tooMany} more than 20 connections of one user`,
].join('; ');

export const asyncApi = () => ({
  asyncapi: '3.0.0',
  info: { title: 'Chat API, WebSocket', version: '0.1.0', description: `Close codes: ${CLOSE_CODES}.` },
  defaultContentType: 'application/json',
  channels: {
    socket: {
      address: '/ws/{user_id}',
      description: 'Token: `Authorization` header, `?token=`, or `Sec-WebSocket-Protocol: bearer, <token>`.',
      parameters: { user_id: { description: 'The user of the token, or `me`' } },
      messages: { ...messagesOf(SEND), ...messagesOf(SERVER_FRAMES) },
    },
  },
  operations: {
    clientSends: { action: 'receive', channel: { $ref: '#/channels/socket' }, messages: refs(SEND) },
    serverSends: { action: 'send', channel: { $ref: '#/channels/socket' }, messages: refs(SERVER_FRAMES) },
  },
});
