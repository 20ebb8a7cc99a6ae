// Parses a client's frame and calls the handler of its type. Bad frames are answered and counted.
import { AppError, parse } from '@chatapi/kit';
import { requireScope } from '@chatapi/kit/auth';
import { CLOSE, closeConnection } from '../connections/connections.ts';
import { isWithinBudget } from '../connections/frame-excess.ts';
import type { Node } from '../context.ts';
import { markLagging } from '../rooms/feed.ts';
import type { Connection } from '../state.ts';
import { sendErrorFrame } from '../wire/error-frame.ts';
import { isOverloaded, stopReading } from '../wire/pause-reading.ts';
import { HIGH_WATER, unsent } from '../wire/writer.ts';
import type { FrameType } from './frame-type.ts';
import { read } from './mark-read.ts';
import { message } from './message.ts';
import { ping } from './ping.ts';
import { auth } from './renew-token.ts';
import { resume } from './resume.ts';
import { staffSubscribe } from './staff-subscribe.ts';
import { state } from './state.ts';
import { typing } from './typing.ts';

/** A frame without `type` is a message. */
export const FRAME_TYPES: ReadonlyMap<unknown, FrameType<any>> = new Map<unknown, FrameType<any>>([
  [undefined, message],
  ['typing', typing],
  ['read', read],
  ['resume', resume],
  ['state', state],
  ['auth', auth],
  ['staff_subscribe', staffSubscribe],
  ['ping', ping],
]);

const MAX_BAD_FRAMES = 10;

const invalidFrame = (text: string): AppError => new AppError('VALIDATION_ERROR', text);

function objectOf(data: Buffer, isBinary: boolean): Record<string, unknown> {
  if (isBinary) throw invalidFrame('Binary frames are not accepted');
  let value: unknown;
  try {
    value = JSON.parse(data.toString());
  } catch {
    throw invalidFrame('The frame is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidFrame('A frame must be a JSON object');
  return value as Record<string, unknown>;
}

function reportBadFrame(node: Node, c: Connection, error: unknown, clientId: unknown): void {
  sendErrorFrame(node, c, error, typeof clientId === 'string' ? clientId.slice(0, 64) : undefined);
  if (++c.badFrames >= MAX_BAD_FRAMES) closeConnection(node, c, CLOSE.badFrames, 'bad frames');
}

/** Stops reading from a client that sends faster than it is answered, or does not read answers. */
export function applyBackpressure(node: Node, c: Connection): void {
  if (!isOverloaded(c)) return;
  if (unsent(c) > HIGH_WATER) markLagging(node, c);
  stopReading(c);
}

export function handleFrame(node: Node, c: Connection, data: Buffer, isBinary: boolean): void {
  if (c.closed) return;
  node.nodeMetrics.received();
  applyBackpressure(node, c);
  if (!isWithinBudget(node, c, data)) return;
  let body: Record<string, unknown> = {};
  let type: FrameType<any> | undefined;
  let frame: unknown;
  try {
    body = objectOf(data, isBinary);
    type = FRAME_TYPES.get(body.type);
    if (type === undefined) throw invalidFrame('Unknown frame type');
    frame = parse(type.schema, body, 'json');
  } catch (error) {
    reportBadFrame(node, c, error, body.client_id);
    return;
  }
  c.badFrames = 0;
  try {
    const { scopes } = c.claims;
    if (scopes !== undefined && type.scope !== undefined) requireScope(type.scope, scopes);
    void type.handle(node, c, frame, data.length);
  } catch (error) {
    sendErrorFrame(node, c, error, body.client_id as string | undefined);
  }
}
