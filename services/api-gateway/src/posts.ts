// Owns: POST /messages on its way to message and its answer's way back. Requests that come at once travel as one call over the kept
// connection, as a node's sends do: HTTP around each would cost both sides more than the rest of the message.
// Guarantee: answered within 3 s. A request is sent once; one that was not even begun is sent to the next instance.
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
import { readText } from './body.ts';
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

interface Posted {
  status: number;
  headers: Record<string, string>;
  body: string;
}

interface Waiting {
  post: Post;
  /** By `performance.now()`. */
  due: number;
  resolve(posted: Posted): void;
  reject(error: AppError): void;
}

/** Message gives a batch 2.5 s: its own answer comes first. */
const PATIENCE_MS = 2600;
/** Enough for one batch, if it waited behind one that hung. */
const LEAST_MS = 400;

const PLAIN = /^application\/json *(?:; *charset=utf-8 *)?$/i;

/** What most clients send. All else (compressed, in pieces, in another charset, not JSON) is passed on as it comes, to be judged there. */
export const isPlain = ({ headers, exchange }: DoorRequest): boolean =>
  !exchange.waits &&
  headers['content-length'] !== undefined &&
  headers['transfer-encoding'] === undefined &&
  headers['content-encoding'] === undefined &&
  PLAIN.test(headers['content-type'] ?? '');

const reasonOf = (error: AppError): string => (error.cause instanceof NotBegun ? 'refused' : 'broken');

function answer(req: DoorRequest, res: DoorResponse, { status, headers, body }: Posted): void {
  req.exchange.over = true;
  const own = {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  };
  res.writeHead(status, outwardHeaders(req.exchange, own)).end(body);
}

/** The way of plain requests to send a message. */
export function openPosts(ctx: Context, refuse: Refuse): (req: DoorRequest, res: DoorResponse) => void {
  const { config, key, counters } = ctx;
  const message = openKeptPeer('message', config.MESSAGE_INTERNAL_URL, key, 'api-gateway');

  async function carry(instance: number, batch: Waiting[]): Promise<void> {
    const timeoutMs = Math.max((batch[0] as Waiting).due - performance.now(), LEAST_MS);
    try {
      const body = { node: config.INSTANCE, posts: batch.map(({ post }) => post) };
      const { answers } = await message
        .from(instance)
        .call<{ answers: Posted[] }>('POST', '/internal/posts', { body, timeoutMs });
      if (answers.length !== batch.length) throw unavailable('Messages');
      for (const [i, { resolve }] of batch.entries()) resolve(answers[i] as Posted);
    } catch (thrown) {
      const error = toAppError(thrown);
      counters.upstreamErrors.inc({ service: 'message', reason: reasonOf(error) }, batch.length);
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
  const posted = (post: Post): Promise<Posted> =>
    new Promise((resolve, reject) => {
      turn = (turn + 1) % lanes.length;
      (lanes[turn] as Lane<Waiting>).push({ post, due: performance.now() + PATIENCE_MS, resolve, reject });
    });

  async function serve(req: DoorRequest, res: DoorResponse): Promise<void> {
    const { request_id, row } = req.exchange;
    const { user_id, role } = (req.exchange.caller as WhoCalls).claims as AccessClaims;
    const key = req.headers['idempotency-key'] as string | undefined;
    try {
      const body = await readText(req, row as Row, config.MAX_FILE_SIZE);
      answer(req, res, await posted({ sender_id: user_id, role, request_id, key, body }));
    } catch (error) {
      refuse(req, res, error);
    }
  }
  return (req, res) => void serve(req, res);
}
