// Owns: the two requests that come most, on their way to message and back: POST and GET /messages. They go as calls over the kept
// connection, as a node's do: HTTP around each would cost both sides more than the rest of a message. Messages that come at once
// travel as one call.
// Guarantee: a message is sent once and answered within 3 s; what was not even begun goes to the next instance.
import {
  type AccessClaims,
  type AppError,
  type Lane,
  NotBegun,
  openKeptPeer,
  openLane,
  type Role,
  toAppError,
  unavailable,
} from '@chatapi/kit';
import { hasBody, readText } from './body.ts';
import type { WhoCalls } from './caller.ts';
import type { Context } from './context.ts';
import type { DoorRequest, DoorResponse } from './exchange.ts';
import { outwardHeaders } from './outward.ts';
import type { Refuse } from './proxy.ts';
import type { Row } from './routes.ts';

interface Post {
  sender_id: string;
  role: Role;
  request_id: string;
  key?: string;
  body: string;
}

interface Ready {
  status: number;
  headers: Record<string, string>;
  body: string;
}

interface Waiting {
  post: Post;
  /** By `performance.now()`. */
  due: number;
  resolve(posted: Ready): void;
  reject(error: AppError): void;
}

/** Message gives a batch 2.5 s: its own answer comes first. */
const PATIENCE_MS = 2600;
/** Enough for one batch, if it waited behind one that hung. */
const LEAST_MS = 400;

/** Reading may take several statements. */
const PAGE_MS = 8000;
const RETRY_WITHIN_MS = 1000;

const PLAIN = /^application\/json *(?:; *charset=utf-8 *)?$/i;

const isPlainPost = ({ headers, exchange }: DoorRequest): boolean =>
  !exchange.waits &&
  headers['content-length'] !== undefined &&
  headers['transfer-encoding'] === undefined &&
  headers['content-encoding'] === undefined &&
  PLAIN.test(headers['content-type'] ?? '');

/** What most clients send. All else (compressed, in pieces, in another charset, not JSON) is passed on as it comes, to be judged there. */
export const isPlain = (req: DoorRequest): boolean =>
  req.method === 'POST' ? isPlainPost(req) : req.method === 'GET' && !hasBody(req);

/** It waits for the file service: nobody's text should wait with it. */
const namesFiles = (body: string): boolean => /"attachments"\s*:\s*\[\s*"/.test(body);

const reasonOf = (error: AppError): string => (error.cause instanceof NotBegun ? 'refused' : 'broken');

function answer(req: DoorRequest, res: DoorResponse, { status, headers, body }: Ready): void {
  req.exchange.over = true;
  const own = {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  };
  res.writeHead(status, outwardHeaders(req.exchange, own)).end(body);
}

/** The way of what is plain. */
export function openKept(ctx: Context, refuse: Refuse): (req: DoorRequest, res: DoorResponse) => void {
  const { config, key, counters } = ctx;
  const message = openKeptPeer('message', config.MESSAGE_INTERNAL_URL, key, 'api-gateway');

  /** Of a call as a whole, which is nobody's answer: an instance of another version may not even know it. */
  function failed(thrown: unknown, requests: number): AppError {
    const error = toAppError(thrown);
    counters.upstreamErrors.inc({ service: 'message', reason: reasonOf(error) }, requests);
    return error.code === 'SERVICE_UNAVAILABLE' ? error : unavailable('The service behind this', error);
  }

  async function carry(instance: number, batch: Waiting[]): Promise<void> {
    const timeoutMs = Math.max((batch[0] as Waiting).due - performance.now(), LEAST_MS);
    try {
      const body = { node: config.INSTANCE, posts: batch.map(({ post }) => post) };
      const { answers } = await message
        .from(instance)
        .call<{ answers: Ready[] }>('POST', '/internal/posts', { body, timeoutMs });
      if (answers.length !== batch.length) throw unavailable('Messages');
      for (const [i, { resolve }] of batch.entries()) resolve(answers[i] as Ready);
    } catch (thrown) {
      const error = failed(thrown, batch.length);
      for (const { reject } of batch) reject(error);
    }
  }

  const lanes = Array.from(
    { length: message.size },
    (_, i): Lane<Waiting> =>
      openLane(
        (batch) => carry(i, batch),
        ({ post }) => post.body.length,
      ),
  );
  let turn = 0;
  const posted = (post: Post): Promise<Ready> =>
    new Promise((resolve, reject) => {
      turn = (turn + 1) % lanes.length;
      const waiting = { post, due: performance.now() + PATIENCE_MS, resolve, reject };
      if (namesFiles(post.body)) void carry(turn, [waiting]);
      else (lanes[turn] as Lane<Waiting>).push(waiting);
    });

  async function post(req: DoorRequest, { user_id, role }: AccessClaims): Promise<Ready> {
    const { request_id, row } = req.exchange;
    const key = req.headers['idempotency-key'] as string | undefined;
    const body = await readText(req, row as Row, config.MAX_FILE_SIZE);
    return await posted({ sender_id: user_id, role, request_id, key, body });
  }

  async function page(req: DoorRequest, { user_id }: AccessClaims): Promise<Ready> {
    const { request_id, search, started } = req.exchange;
    const body = { user_id, request_id, query: search.slice(1) };
    const ask = (): Promise<Ready> => message.call<Ready>('POST', '/internal/page', { body, timeoutMs: PAGE_MS });
    // What only reads may be asked again: the instance may have died just now.
    const again = (thrown: unknown): Promise<Ready> =>
      performance.now() - started < RETRY_WITHIN_MS ? ask() : Promise.reject(thrown);
    return await ask()
      .catch(again)
      .catch((thrown) => {
        throw failed(thrown, 1);
      });
  }

  async function serve(req: DoorRequest, res: DoorResponse): Promise<void> {
    const claims = (req.exchange.caller as WhoCalls).claims as AccessClaims;
    try {
      answer(req, res, await (req.method === 'POST' ? post(req, claims) : page(req, claims)));
    } catch (error) {
      refuse(req, res, error);
    }
  }
  return (req, res) => void serve(req, res);
}
