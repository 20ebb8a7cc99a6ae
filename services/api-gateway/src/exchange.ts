import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestIdFrom } from '@chatapi/kit';
import type { Origin } from './address.ts';
import type { WhoCalls } from './caller.ts';
import type { Instance } from './instances.ts';
import type { Found } from './paths.ts';
import type { Row } from './routes.ts';

/** What the door knows of one request while it is under way. */
export interface Exchange {
  request_id: string;
  /** By `performance.now()`. */
  started: number;
  origin: Origin;
  /** Without the query. */
  path: string;
  /** From the `?` on, or empty. */
  search: string;
  found?: Found;
  row?: Row;
  caller?: WhoCalls;
  /** The X-RateLimit headers of this answer. */
  limits: Record<string, string>;
  /** The client waits for `100 Continue` before it sends its body. */
  waits: boolean;
  instance?: Instance;
  retried: boolean;
  /** Answered in full, by the service or the door itself: what the upstream still says is of no interest. */
  over: boolean;
}

export type DoorRequest = IncomingMessage & { exchange: Exchange };
export type DoorResponse = ServerResponse<DoorRequest>;

export function startExchange(req: IncomingMessage, origin: Origin, waits: boolean): DoorRequest {
  const url = req.url as string;
  const at = url.indexOf('?');
  const begun = req as DoorRequest;
  begun.exchange = {
    request_id: requestIdFrom(req.headers['x-request-id']),
    started: performance.now(),
    origin,
    path: at < 0 ? url : url.slice(0, at),
    search: at < 0 ? '' : url.slice(at),
    limits: {},
    waits,
    retried: false,
    over: false,
  };
  return begun;
}
