// Server-sent events. Like a WebSocket, a stream goes to a realtime node, which checks the token
// and the rights; it counts as a connection, not as a request, and is drained like a tunnel.
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { unavailable } from '@chatapi/kit';
import { identityHeaders } from '@chatapi/kit/auth';
import type { Context } from './context.ts';
import type { Refuse } from './proxy.ts';
import type { GatewayRequest, GatewayResponse } from './request-exchange.ts';
import { upstreamRequestHeaders } from './request-headers.ts';
import { clientResponseHeaders } from './response-headers.ts';
import { stopping } from './stopping.ts';
import { connectToFirst } from './upstreams.ts';

const SSE = 'text/event-stream';
const ANSWER_TIMEOUT_MS = 5000;
/** A node writes a comment every 5 s. */
const SILENCE_MS = 8000;
const KEEP_ALIVE_MS = 60_000;
/** What the node reads besides; the rest of a request is not for it. */
const FORWARDED = ['authorization', 'last-event-id', 'origin', 'x-act-as'] as const;
/** A stream has no body. */
const OF_BODY = ['content-type', 'content-length', 'content-encoding', 'transfer-encoding'];

/** Only who asks for it: others would wait for the end of the response. */
export const wantsStream = ({ headers: { accept = '' }, exchange: { row } }: GatewayRequest): boolean =>
  row?.stream === true && accept.split(',').some((one) => one.split(';', 1)[0]?.trim().toLowerCase() === SSE);

function nodeHeaders(ctx: Context, req: GatewayRequest): IncomingMessage['headers'] {
  const { ip } = req.exchange.client;
  const user_agent = (req.headers['user-agent'] ?? '').slice(0, 256);
  const identity = identityHeaders(ctx.keys, 'realtime-gateway', { kind: 'anonymous', ip, user_agent });
  const headers = upstreamRequestHeaders(req, identity);
  for (const name of OF_BODY) delete headers[name];
  for (const name of FORWARDED) if (req.headers[name] !== undefined) headers[name] = req.headers[name] as string;
  return headers;
}

/** @throws Error when it does not answer in time. */
const answerOf = (asked: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => asked.destroy(new Error('the node did not answer')), ANSWER_TIMEOUT_MS);
    asked.once('error', reject).once('close', () => clearTimeout(timer));
    asked.once('response', (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    asked.end();
  });

/** Ends a stream of which nothing comes, unless that is because its reader is slow. */
function watchSilence(answer: IncomingMessage, res: GatewayResponse): void {
  const check = (): void => void (res.writableNeedDrain ? timer.refresh() : res.destroy());
  const timer = setTimeout(check, SILENCE_MS).unref();
  answer.on('data', () => void timer.refresh());
  res.once('close', () => clearTimeout(timer));
}

/** From here on the request counts as a connection. */
function countAsConnection(ctx: Context, req: GatewayRequest, res: GatewayResponse): void {
  const tunnel = { destroySoon: () => void res.end(), destroy: () => void res.destroy() };
  req.exchange.endRequest();
  ctx.tunnels.add(tunnel);
  ctx.gatewayMetrics.sockets.inc();
  res.once('close', () => {
    ctx.tunnels.delete(tunnel);
    ctx.gatewayMetrics.sockets.dec();
  });
  req.socket.setTimeout(0).setKeepAlive(true, KEEP_ALIVE_MS);
}

export function createStreamForwarder(
  ctx: Context,
  refuse: Refuse,
): (req: GatewayRequest, res: GatewayResponse) => void {
  async function forward(req: GatewayRequest, res: GatewayResponse): Promise<void> {
    if (ctx.draining) throw stopping();
    const { realtime } = ctx.upstreams;
    const { socket } = await connectToFirst(realtime, realtime.next());
    if (res.destroyed) return void socket.destroy();
    const asked = request({
      createConnection: () => socket,
      method: req.method,
      path: (req.exchange.match?.path as string) + req.exchange.search,
      headers: nodeHeaders(ctx, req),
    });
    res.once('close', () => asked.destroy());
    const answer = await answerOf(asked);
    asked.on('error', () => res.destroy());
    answer.on('error', () => res.destroy());
    res.writeHead(answer.statusCode as number, clientResponseHeaders(req.exchange, answer.headers));
    if (answer.headers['content-type']?.startsWith(SSE) && req.method === 'GET') {
      countAsConnection(ctx, req, res);
      watchSilence(answer, res);
      // Its first event may come later.
      res.flushHeaders();
    }
    answer.pipe(res);
  }

  return (req, res) =>
    void forward(req, res).catch((error) => {
      if (res.destroyed) return;
      refuse(req, res, error?.code === 'SERVICE_UNAVAILABLE' ? error : unavailable('The realtime service', error));
    });
}
