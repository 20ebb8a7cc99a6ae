// Forwards the two most frequent requests, POST and GET /messages, over the persistent RPC
// connection: HTTP would cost more than the rest of a message. Concurrent posts share a call. A
// post is sent once and answered within 3 s; one that was not sent at all goes to the next
// instance.

import { type AppError, type Guarded, requireAllowed, toAppError, unavailable } from '@chatapi/kit';
import type { AccessClaims, Role } from '@chatapi/kit/auth';
import { createLanes, createRpcClient, instanceFor, NotSent } from '@chatapi/kit/rpc';
import { hasBody, readText } from './body-limits.ts';
import { callerOf, type RequestCaller } from './caller.ts';
import type { Context } from './context.ts';
import type { Refuse } from './proxy.ts';
import type { GatewayRequest, GatewayResponse } from './request-exchange.ts';
import { clientResponseHeaders } from './response-headers.ts';
import type { Row } from './routes.ts';

interface Post {
  sender_id: string;
  role: Role;
  request_id: string;
  key?: string;
  body: string;
  /** The application key that acts as the sender. */
  sent_by_key?: string;
  /** Limits a bot's token. */
  rooms?: readonly string[];
}

interface RpcResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The message service must ask a hook first, so that the post would delay the others. */
type Aside = { aside: true };

interface PendingPost {
  post: Post;
  /** Posts to a room meet in one instance. */
  room: string;
  /** In `performance.now()` milliseconds. */
  deadline: number;
  resolve(response: RpcResponse): void;
  reject(error: AppError): void;
}

/** Longer than the 2.5 s after which the message service answers a batch itself. */
const POST_TIMEOUT_MS = 2600;
/** Left for a batch that waited behind one that timed out. */
const MIN_TIMEOUT_MS = 400;

/** Longer, since a page may take several SQL statements. */
const PAGE_TIMEOUT_MS = 8000;
const RETRY_WITHIN_MS = 1000;

/** As the message service declares these routes; the walk of scopes in infra/e2e tests them. */
const GUARDED: Record<'GET' | 'POST', Guarded> = {
  GET: { method: 'GET', path: '/messages', who: 'user', scope: 'messages:read' },
  POST: { method: 'POST', path: '/messages', who: 'user', scope: 'messages:write' },
};
/** Where the caller is does not matter here. */
const NOWHERE = { ip: '', user_agent: '' };

const UTF8_JSON = /^application\/json *(?:; *charset=utf-8 *)?$/i;

const isPlainJsonPost = ({ headers, exchange }: GatewayRequest): boolean =>
  !exchange.awaitsContinue &&
  exchange.search.length <= 1 &&
  headers['content-length'] !== undefined &&
  headers['transfer-encoding'] === undefined &&
  headers['content-encoding'] === undefined &&
  UTF8_JSON.test(headers['content-type'] ?? '');

/**
 * Whether the request has the common form. All others (compressed, chunked, another charset, no
 * JSON, a post with a query) are proxied, so that the service decides.
 */
export const canUseRpc = (req: GatewayRequest): boolean =>
  req.method === 'POST' ? isPlainJsonPost(req) : req.method === 'GET' && !hasBody(req);

/** Such a message waits for the file service, and must not delay the others of a batch. */
const hasAttachments = (body: string): boolean => /"attachments"\s*:\s*\[\s*"/.test(body);

const TARGET = /"(chat_id|recipient_id)"\s*:\s*"([^"\\]{1,64})"/;

/**
 * The room of a post, without parsing it: the service does that. A wrong guess costs only a thinner
 * batch.
 */
function roomOf({ sender_id, body }: Post): string {
  const [, field, id] = TARGET.exec(body) ?? [];
  if (field === undefined || id === undefined) return sender_id;
  return field === 'chat_id' ? id : `dm:${[sender_id, id].sort().join(':')}`;
}

const reasonOf = (error: AppError): string => (error.cause instanceof NotSent ? 'refused' : 'broken');

function respond(req: GatewayRequest, res: GatewayResponse, { status, headers, body }: RpcResponse): void {
  req.exchange.done = true;
  const all = {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  };
  res.writeHead(status, clientResponseHeaders(req.exchange, all)).end(body);
}

export function createRpcForwarder(ctx: Context, refuse: Refuse): (req: GatewayRequest, res: GatewayResponse) => void {
  const { config, keys, gatewayMetrics } = ctx;
  const message = createRpcClient('message', config.MESSAGE_INTERNAL_URL, keys);

  /**
   * Turns the failure of a whole call into 503. It is no answer for the client: an instance of
   * another version may not know the call.
   */
  function toUnavailable(thrown: unknown, requests: number): AppError {
    const error = toAppError(thrown);
    gatewayMetrics.upstreamErrors.inc({ service: 'message', reason: reasonOf(error) }, requests);
    return error.code === 'SERVICE_UNAVAILABLE' ? error : unavailable('The service behind this', error);
  }

  /** @param may_wait for the hook before messages; otherwise what must wait is sent once more. */
  async function sendBatch(instance: string, batch: PendingPost[], may_wait: boolean): Promise<void> {
    const timeoutMs = Math.max((batch[0] as PendingPost).deadline - performance.now(), MIN_TIMEOUT_MS);
    try {
      const body = { node: config.INSTANCE, posts: batch.map(({ post }) => post), may_wait };
      const { answers } = await message
        .from(instance)
        .call<{ answers: (RpcResponse | Aside)[] }>('POST', '/internal/posts', { body, timeoutMs });
      if (answers.length !== batch.length) throw unavailable('Messages');
      const aside = batch.filter((_, i) => 'aside' in (answers[i] as object));
      if (aside.length > 0) void sendBatch(instance, aside, true);
      for (const [i, { resolve }] of batch.entries())
        if (!('aside' in (answers[i] as object))) resolve(answers[i] as RpcResponse);
    } catch (thrown) {
      const error = toUnavailable(thrown, batch.length);
      for (const { reject } of batch) reject(error);
    }
  }

  const lanes = createLanes<PendingPost>({
    instances: message.instances,
    keyOf: ({ room }) => room,
    bytesOf: ({ post }) => post.body.length,
    send: (instance, batch) => sendBatch(instance, batch, false),
  });
  const enqueue = (post: Post): Promise<RpcResponse> =>
    new Promise((resolve, reject) => {
      const room = roomOf(post);
      const waiting = { post, room, deadline: performance.now() + POST_TIMEOUT_MS, resolve, reject };
      if (hasAttachments(post.body)) void sendBatch(instanceFor(room, message.instances()) ?? '', [waiting], true);
      else lanes.push(waiting);
    });

  async function post(req: GatewayRequest, { user_id, role, key_id, rooms }: AccessClaims): Promise<RpcResponse> {
    const { request_id, row } = req.exchange;
    const key = req.headers['idempotency-key'] as string | undefined;
    const body = await readText(req, row as Row, config.MAX_FILE_SIZE);
    return await enqueue({ sender_id: user_id, role, request_id, key, body, sent_by_key: key_id, rooms });
  }

  async function page(req: GatewayRequest, { user_id, role, rooms }: AccessClaims): Promise<RpcResponse> {
    const { request_id, search, started } = req.exchange;
    const body = { user_id, role, rooms, request_id, query: search.slice(1) };
    const ask = (): Promise<RpcResponse> =>
      message.call<RpcResponse>('POST', '/internal/page', { body, timeoutMs: PAGE_TIMEOUT_MS });
    // Reads may be repeated: the instance may have just died.
    const retry = (thrown: unknown): Promise<RpcResponse> =>
      performance.now() - started < RETRY_WITHIN_MS ? ask() : Promise.reject(thrown);
    return await ask()
      .catch(retry)
      .catch((thrown) => {
        throw toUnavailable(thrown, 1);
      });
  }

  async function serve(req: GatewayRequest, res: GatewayResponse): Promise<void> {
    const claims = (req.exchange.caller as RequestCaller).claims as AccessClaims;
    try {
      // The message service trusts this: here it gets no signed identity.
      requireAllowed(GUARDED[req.method as 'GET' | 'POST'], callerOf(claims, NOWHERE));
      respond(req, res, await (req.method === 'POST' ? post(req, claims) : page(req, claims)));
    } catch (error) {
      refuse(req, res, error);
    }
  }
  return (req, res) => void serve(req, res);
}
