// Where a stream begins: what `Last-Event-ID` or the URL says.
import type { IncomingMessage } from 'node:http';
import { parse } from '@chatapi/kit';
import Joi from 'joi';
import { type Cursor, decodeCursor } from './all-rooms-cursor.ts';

export interface StartPosition {
  /** The last seq that the client has, of a room; undefined: begin live. */
  after: number | undefined;
  /** Of all rooms; undefined: begin live. */
  cursor: Cursor | undefined;
}

const seq = () => Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER);
const token = () => Joi.string();
const ofRoom = Joi.object<{ token?: string; after_seq?: number }>({ token: token(), after_seq: seq() });
const ofAll = Joi.object<{ token?: string; cursor?: string }>({ token: token(), cursor: Joi.string() });
const lastId = Joi.object<{ 'Last-Event-ID': number }>({ 'Last-Event-ID': seq().required() });

/** What a browser sends by itself wins over the URL, which it never changes. */
function lastEventIdOf({ headers }: IncomingMessage): string | undefined {
  const id = headers['last-event-id'];
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/** @throws AppError VALIDATION_ERROR */
export function startPosition(req: IncomingMessage, room: string | undefined, query: URLSearchParams): StartPosition {
  const given = Object.fromEntries(query);
  const id = lastEventIdOf(req);
  if (room === undefined) {
    const text = id ?? parse(ofAll, given, 'text').cursor;
    return { after: undefined, cursor: text === undefined ? undefined : decodeCursor(text) };
  }
  const { after_seq } = parse(ofRoom, given, 'text');
  const after = id === undefined ? after_seq : parse(lastId, { 'Last-Event-ID': id }, 'text')['Last-Event-ID'];
  return { after, cursor: undefined };
}
