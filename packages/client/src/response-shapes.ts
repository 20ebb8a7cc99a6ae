// What each call must be answered with. Captive portals, proxies and mocks answer with 200 too.
import { ChatApiError, isObject, NETWORK_ERROR } from './errors.ts';

/** A kind of value, keys that an object must have, or an array of such items. */
type Shape = 'string' | 'number' | 'object' | { readonly [key: string]: Shape } | readonly [Shape];

export type ResponseShapes = Readonly<Record<string, Shape>>;

// Only keys by which an answer is known: a newer client must work with an older server.
const ITEM = { id: 'string' } as const;
const MESSAGE = { id: 'string', chat_id: 'string', seq: 'number' } as const;
const ROOM = { chat_id: 'string', last_seq: 'number' } as const;
const MEMBER = { user_id: 'string' } as const;
const TOKENS = { access_token: 'string', refresh_token: 'string' } as const;
const SESSION = { ...TOKENS, user: ITEM } as const;

/**
 * By method and template. An operation that is missing here is answered without a body; those of
 * admins are in `admin-response-shapes.ts`.
 */
export const RESPONSE_SHAPES: ResponseShapes = {
  'POST /users/register': { user: ITEM },
  'POST /users/login': SESSION,
  'POST /users/refresh': TOKENS,
  'POST /users/token': { access_token: 'string', user: ITEM },
  'GET /users/me': ITEM,
  'PUT /users/me': ITEM,
  'PUT /users/me/avatar': ITEM,
  'PUT /users/me/password': TOKENS,
  'GET /users/me/sessions': { sessions: [ITEM] },
  'DELETE /users/me/sessions': TOKENS,
  'POST /users/me/export': ITEM,
  'GET /users/me/export': ITEM,
  'GET /users': { users: [ITEM] },
  'GET /users/{}': ITEM,
  'POST /rooms': ROOM,
  'GET /rooms': { rooms: [ROOM] },
  'GET /rooms/public': { rooms: [ROOM] },
  'GET /rooms/{}': ROOM,
  'PUT /rooms/{}': ROOM,
  'GET /rooms/{}/members': { members: [MEMBER] },
  'POST /rooms/{}/members': MEMBER,
  'PUT /rooms/{}/members/{}': MEMBER,
  'PUT /rooms/{}/members/{}/mute': MEMBER,
  'GET /rooms/{}/events': { events: [{ type: 'string', seq: 'number' }], last_seq: 'number' },
  'GET /messages/': { messages: [MESSAGE] },
  'POST /messages/': MESSAGE,
  'GET /messages/search': { messages: [MESSAGE] },
  'GET /messages/{}': MESSAGE,
  'PUT /messages/{}': MESSAGE,
  'GET /messages/{}/reactions/{}': { users: [MEMBER] },
  'POST /files/upload': ITEM,
  'GET /files': { files: [ITEM] },
  'GET /files/{}': ITEM,
  'GET /rate-limits': { limits: [{ name: 'string' }] },
  'POST /reports': ITEM,
  'GET /announcements': { announcements: [ITEM] },
};

function fits(value: unknown, shape: Shape): boolean {
  if (Array.isArray(shape)) return Array.isArray(value) && value.every((item) => fits(item, shape[0] as Shape));
  if (typeof shape === 'string') return shape === 'object' ? isObject(value) : typeof value === shape;
  return isObject(value) && Object.entries(shape).every(([key, part]) => fits(value[key], part));
}

/** The response comes from something else than the server, such as a hotel network's page. */
export const notOurs = (operation: string, status: number): ChatApiError =>
  new ChatApiError(NETWORK_ERROR, `${operation}: not an answer of the server (HTTP status ${status})`, {
    status,
    foreign: true,
  });

/**
 * @param operation method and template.
 * @returns the body; undefined for an operation without one.
 * @throws ChatApiError for a body that the server does not give.
 */
export function readAnswer(operation: string, status: number, text: string, shapes: ResponseShapes): unknown {
  const shape = shapes[operation];
  if (shape === undefined && text === '') return undefined;
  try {
    const body: unknown = JSON.parse(text);
    if (shape !== undefined && fits(body, shape)) return body;
  } catch {
    // Not JSON: not the server's.
  }
  throw notOurs(operation, status);
}
