import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestIdFrom } from '@chatapi/kit';
import type { RequestCaller } from './caller.ts';
import type { ClientAddress } from './client-address.ts';
import type { RouteMatch } from './paths.ts';
import type { Row } from './routes.ts';
import type { Instance } from './upstreams.ts';

/** What the gateway knows of one request in progress. */
export interface Exchange {
  request_id: string;
  /** In `performance.now()` milliseconds. */
  started: number;
  client: ClientAddress;
  /** Without the query. */
  path: string;
  /** From the `?` on, or empty. */
  search: string;
  match?: RouteMatch;
  row?: Row;
  caller?: RequestCaller;
  /** The X-RateLimit headers of the response. */
  limits: Record<string, string>;
  /** The client waits for `100 Continue` before it sends its body. */
  awaitsContinue: boolean;
  instance?: Instance;
  retried: boolean;
  /** The response is complete; anything more from the upstream is ignored. */
  done: boolean;
  /** Counts the request as answered, once; what its connection does later is no request. */
  endRequest(): void;
}

export type GatewayRequest = IncomingMessage & { exchange: Exchange };
export type GatewayResponse = ServerResponse<GatewayRequest>;

export function startExchange(
  req: IncomingMessage,
  client: ClientAddress,
  { awaitsContinue, endRequest }: Pick<Exchange, 'awaitsContinue' | 'endRequest'>,
): GatewayRequest {
  const url = req.url as string;
  const at = url.indexOf('?');
  const extended = req as GatewayRequest;
  extended.exchange = {
    request_id: requestIdFrom(req.headers['x-request-id']),
    started: performance.now(),
    client,
    path: at < 0 ? url : url.slice(0, at),
    search: at < 0 ? '' : url.slice(at),
    limits: {},
    awaitsContinue,
    retried: false,
    done: false,
    endRequest,
  };
  return extended;
}
