// Owns: AsyncAPI 3.0 of the socket, made from the schemas that read clients' frames and those that describe ours.
import { jsonSchema } from '@chatapi/kit';
import type Joi from 'joi';
import { FRAME_TYPES } from './frames.ts';
import { SERVER_FRAMES } from './server-frames.ts';

type Json = Record<string, unknown>;

const CLOSE_CODES = {
  1008: 'too many bad frames in a row',
  1009: 'a frame of more than 64 KiB',
  1012: 'the node goes away: connect again and resume',
  4401: 'token expired or session ended',
  4403: 'banned',
  4408: 'a reader that made no progress for 60 s',
  4429: 'too many connections of one user',
};

const message = (name: string, summary: string, schema: Joi.Schema): Json => ({
  name,
  title: name,
  summary,
  contentType: 'application/json',
  payload: jsonSchema(schema),
});

/** The seed's frame has no type; its name here is `send`. */
const clientName = (type: unknown): string => (type === undefined ? 'send' : `client_${String(type)}`);

export function asyncApi(): Json {
  const messages: Json = {};
  const sent: string[] = [];
  for (const [type, { schema, summary }] of FRAME_TYPES) {
    sent.push(clientName(type));
    messages[clientName(type)] = message(clientName(type), summary, schema);
  }
  for (const [name, { schema, summary }] of Object.entries(SERVER_FRAMES))
    messages[name] = message(name, summary, schema);
  const reference = (name: string): Json => ({ $ref: `#/channels/socket/messages/${name}` });
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Chat API, real time',
      version: '0.1.0',
      description: `Frames on the WebSocket. Close codes: ${Object.entries(CLOSE_CODES)
        .map(([code, why]) => `${code} ${why}`)
        .join('; ')}.`,
    },
    defaultContentType: 'application/json',
    channels: {
      socket: {
        address: '/ws/{user_id}',
        parameters: { user_id: { description: 'the token’s user, or `me`' } },
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
      },
    },
    operations: {
      send: {
        action: 'receive',
        summary: 'What a client sends',
        channel: { $ref: '#/channels/socket' },
        messages: sent.map(reference),
      },
      receive: {
        action: 'send',
        summary: 'What a client receives',
        channel: { $ref: '#/channels/socket' },
        messages: Object.keys(SERVER_FRAMES).map(reference),
      },
    },
    components: { messages },
  };
}
