// Builds the AsyncAPI document of the WebSocket from the schemas of both directions.
import { answerSchema, type JsonSchema, jsonSchema, nameSchemas, VERSION } from '@chatapi/kit';
import type { FrameDocuments } from '../message-service/message-frames.ts';
import { SERVER_FRAMES } from '../wire/node-frames.ts';
import { FRAME_TYPES } from './dispatch.ts';

const CLOSE_CODES = {
  1008: 'too many bad frames in a row',
  1009: 'a frame of more than 64 KiB',
  1012: 'the node goes away: connect again and resume',
  4401: 'token expired or session ended',
  4403: 'banned or deactivated',
  4408: 'a reader that made no progress for 60 s',
  4429: 'too many connections of one user, or too many frames for 10 s: come back later',
};

const message = (name: string, summary: string, payload: JsonSchema): JsonSchema => ({
  name,
  title: name,
  summary,
  contentType: 'application/json',
  payload,
});

/** The seed's frame has no type; its name here is `send`. */
const clientName = (type: unknown): string => (type === undefined ? 'send' : `client_${String(type)}`);

const clientMessages = (): Record<string, JsonSchema> =>
  Object.fromEntries(
    [...FRAME_TYPES].map(([type, { schema, summary }]) => {
      const name = clientName(type);
      return [name, message(name, summary, jsonSchema(schema))];
    }),
  );

const serverMessages = (ofOthers: FrameDocuments): Record<string, JsonSchema> =>
  Object.fromEntries([
    ...Object.entries(SERVER_FRAMES).map(([name, { schema, summary }]) => [
      name,
      message(name, summary, answerSchema(schema)),
    ]),
    ...Object.entries(ofOthers).map(([name, { schema, summary }]) => [name, message(name, summary, schema)]),
  ]);

const SECURITY = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  token: { type: 'httpApiKey', in: 'query', name: 'token', description: 'an access token' },
  protocol: {
    type: 'httpApiKey',
    in: 'header',
    name: 'Sec-WebSocket-Protocol',
    description: '`bearer, <access token>`: for browsers, which can set no other header',
  },
};

const isEmpty = (frames: FrameDocuments): boolean => Object.keys(frames).length === 0;

/** The services whose frames are not known. */
const missing = (ofMessage: FrameDocuments, ofAdmin: FrameDocuments): string[] => [
  ...(isEmpty(ofMessage) ? ['message'] : []),
  ...(isEmpty(ofAdmin) ? ['admin'] : []),
];

/** Of the frames made by the message and the admin service. */
export function asyncApi(ofMessage: FrameDocuments, ofAdmin: FrameDocuments): JsonSchema {
  const lacking = missing(ofMessage, ofAdmin);
  const schemas: Record<string, JsonSchema> = {};
  const sent = clientMessages();
  const received = serverMessages({ ...ofMessage, ...ofAdmin });
  const messages = nameSchemas({ ...sent, ...received }, schemas) as Record<string, JsonSchema>;
  const reference = (name: string): JsonSchema => ({ $ref: `#/channels/socket/messages/${name}` });
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Chat API, real time',
      version: VERSION,
      description: `Frames on the WebSocket. Close codes: ${Object.entries(CLOSE_CODES)
        .map(([code, why]) => `${code} ${why}`)
        .join('; ')}.`,
      contact: { name: 'chatapi', url: 'https://github.com/chatapi/chatapi/issues' },
      license: { name: 'Apache-2.0' },
    },
    ...(lacking.length === 0 ? {} : { 'x-missing': lacking }),
    defaultContentType: 'application/json',
    servers: {
      gateway: {
        host: '{host}',
        protocol: 'ws',
        description: 'the API gateway, or any realtime node',
        variables: { host: { default: 'localhost:8000' } },
        security: Object.keys(SECURITY).map((name) => ({ $ref: `#/components/securitySchemes/${name}` })),
      },
    },
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
        messages: Object.keys(sent).map(reference),
      },
      receive: {
        action: 'send',
        summary: 'What a client receives',
        channel: { $ref: '#/channels/socket' },
        messages: Object.keys(received).map(reference),
      },
    },
    components: { securitySchemes: SECURITY, schemas, messages },
  };
}
