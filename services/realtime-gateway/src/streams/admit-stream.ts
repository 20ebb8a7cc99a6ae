// Who may open a stream of events, and of what: path, method, format, origin, token, rights, in
// this order.
import type { IncomingMessage } from 'node:http';
import { AppError, notFound, parse, requireShortUrl, roomId } from '@chatapi/kit';
import { type AccessClaims, admitToken, requireScope } from '@chatapi/kit/auth';
import Joi from 'joi';
import { admitClient, requireToken } from '../admit-upgrade.ts';
import type { Node } from '../context.ts';
import { type StartPosition, startPosition } from './start-position.ts';

const PATH = /^\/(?:rooms\/([^/]+)\/)?events\/?$/;
const SSE = 'text/event-stream';
/** Logs of users, which only their own connections see. */
const OF_USER = /^self:/i;

export interface Asked extends StartPosition {
  claims: AccessClaims;
  /** Undefined: all rooms of the user. */
  room: string | undefined;
}

export const isStreamPath = (path: string): boolean => PATH.test(path);

const params = Joi.object<{ id: string }>({ id: roomId().required() });

function requireFormat({ headers: { accept = '' } }: IncomingMessage): void {
  if (accept.split(',').some((one) => one.split(';', 1)[0]?.trim().toLowerCase() === SSE)) return;
  throw new AppError('VALIDATION_ERROR', `Here are streams only: send Accept: ${SSE}`, { status: 406 });
}

function requireMethod({ method }: IncomingMessage): void {
  if (method === 'GET' || method === 'HEAD') return;
  throw new AppError('METHOD_NOT_ALLOWED', `${method} is not allowed here`, { headers: { Allow: 'GET, HEAD' } });
}

/** Express decodes paths in the same way. @throws AppError VALIDATION_ERROR, RESOURCE_NOT_FOUND */
function roomOf(path: string): string | undefined {
  const written = PATH.exec(path)?.[1];
  if (written === undefined) return undefined;
  let id: string;
  try {
    id = decodeURIComponent(written);
  } catch {
    throw notFound('Room');
  }
  return parse(params, { id }, 'text').id;
}

/** @throws AppError AUTHORIZATION_ERROR, RESOURCE_NOT_FOUND */
function requireRights({ kind, scopes, rooms }: AccessClaims, room: string | undefined): void {
  if (scopes !== undefined) requireScope('events:read', scopes);
  if (kind === 'key' && room === undefined)
    throw new AppError('AUTHORIZATION_ERROR', 'An application key streams one room at a time', {
      details: { reason: 'key' },
    });
  if (room !== undefined && (OF_USER.test(room) || rooms?.includes(room) === false)) throw notFound('Room');
}

/** @throws AppError */
export async function admitStream(node: Node, req: IncomingMessage, request_id: string): Promise<Asked> {
  const { url = '' } = req;
  requireShortUrl(url);
  requireMethod(req);
  const [path = '', search = ''] = url.split('?', 2);
  const room = roomOf(path);
  requireFormat(req);
  const from = await admitClient(node, req, request_id);
  if (req.headers['x-act-as'] !== undefined)
    throw new AppError('AUTHORIZATION_ERROR', 'An application key streams as itself', {
      details: { reason: 'act_as' },
    });
  const query = new URLSearchParams(search);
  const claims = await admitToken(node, requireToken(req, query), from);
  requireRights(claims, room);
  const position = startPosition(req, room, query);
  await node.upgradeBudget.ofUser(claims.user_id);
  return { claims, room, ...position };
}
