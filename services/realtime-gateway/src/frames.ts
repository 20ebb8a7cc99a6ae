// Owns: from the bytes of a client's frame to the function of its type; what a bad frame costs.
import { AppError, parse } from '@chatapi/kit';
import { CLOSE, closeConnection } from './connections.ts';
import { sendErrorFrame } from './errors.ts';
import { markLagging } from './feed.ts';
import { auth } from './frames/auth.ts';
import type { FrameType } from './frames/frame.ts';
import { message } from './frames/message.ts';
import { ping } from './frames/ping.ts';
import { read } from './frames/read.ts';
import { resume } from './frames/resume.ts';
import { typing } from './frames/typing.ts';
import type { Connection, Node } from './node.ts';
import { isOverdrawn, stopReading } from './throttle.ts';
import { HIGH_WATER, unsent } from './writer.ts';

/** The seed's frame has no `type`: it is the message. */
export const FRAME_TYPES: ReadonlyMap<unknown, FrameType<any>> = new Map<unknown, FrameType<any>>([
  [undefined, message],
  ['typing', typing],
  ['read', read],
  ['resume', resume],
  ['auth', auth],
  ['ping', ping],
]);

const MOST_BAD = 10;

const bad = (text: string): AppError => new AppError('VALIDATION_ERROR', text);

function objectOf(data: Buffer, isBinary: boolean): Record<string, unknown> {
  if (isBinary) throw bad('Binary frames are not taken');
  let value: unknown;
  try {
    value = JSON.parse(data.toString());
  } catch {
    throw bad('The frame is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad('A frame is a JSON object');
  return value as Record<string, unknown>;
}

function blame(node: Node, c: Connection, error: unknown, clientId: unknown): void {
  sendErrorFrame(node, c, error, typeof clientId === 'string' ? clientId.slice(0, 64) : undefined);
  if (++c.bad >= MOST_BAD) closeConnection(node, c, CLOSE.badFrames, 'bad frames');
}

/** Who sends faster than is answered, or does not read the answers, is not read any further for a while. */
export function slowDown(node: Node, c: Connection): void {
  if (!isOverdrawn(c)) return;
  if (unsent(c) > HIGH_WATER) markLagging(node, c);
  stopReading(c);
}

export function takeFrame(node: Node, c: Connection, data: Buffer, isBinary: boolean): void {
  if (c.closed) return;
  node.figures.received();
  slowDown(node, c);
  let given: Record<string, unknown> = {};
  let type: FrameType<any> | undefined;
  let frame: unknown;
  try {
    given = objectOf(data, isBinary);
    type = FRAME_TYPES.get(given.type);
    if (type === undefined) throw bad('Unknown type of frame');
    frame = parse(type.schema, given, 'json');
  } catch (error) {
    blame(node, c, error, given.client_id);
    return;
  }
  c.bad = 0;
  try {
    void type.handle(node, c, frame, data.length);
  } catch (error) {
    sendErrorFrame(node, c, error, given.client_id as string | undefined);
  }
}
