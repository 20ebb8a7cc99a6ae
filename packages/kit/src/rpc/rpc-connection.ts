// The client side of an RPC connection: many calls over one WebSocket to one instance, because HTTP
// per call would cost more than most calls do. A call that fails may have been executed, unless the
// error is NotSent.
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { corkUntilNextTick } from '../cork.ts';
import { CAPABILITIES, CAPABILITIES_HEADER, PROTOCOLS } from './handshake.ts';

/** No connection could be made: the call was not sent. */
export class NotSent extends Error {}

/** The instance has no RPC server or no common protocol version: use HTTP. */
export class NoCommonProtocol extends NotSent {}

// Requests are JSON `[id, what, body]`, where `what` is as in HTTP (`GET /internal/x?after=1`).
// Responses are `[id, status, value]`, followed by a newline and the `body` if the value is a
// RawBody.
export const RPC_PATH = '/internal/calls';
/** The id of the message that says that the server accepts no more calls. */
export const GOING_AWAY = 0;

/**
 * A response whose `body` is already serialised text. It is sent as it is, not escaped into a JSON
 * string.
 */
export class RawBody<Head extends object> {
  readonly head: Head;
  readonly body: string;
  constructor(head: Head, body: string) {
    this.head = head;
    this.body = body;
  }
  toJSON(): Head & { body: string } {
    return { ...this.head, body: this.body };
  }
}

/** @param encloses whether the reader understands raw bodies. */
export const responseText = (id: number, status: number, value: unknown, encloses: boolean): string => {
  if (value === undefined) return JSON.stringify([id, status]);
  if (!encloses || !(value instanceof RawBody)) return JSON.stringify([id, status, value]);
  return `${JSON.stringify([id, status, value.head])}\n${value.body}`;
};

function readAnswer(text: string): [id: number, status: number, value: unknown] {
  const end = text.indexOf('\n');
  if (end < 0) return JSON.parse(text);
  const [id, status, head] = JSON.parse(text.slice(0, end)) as [number, number, object];
  return [id, status, { ...head, body: text.slice(end + 1) }];
}

interface RpcResponse {
  status: number;
  value: unknown;
}

interface Link {
  ws: WebSocket;
  /** The TCP socket, set at the upgrade. */
  socket?: Socket;
  waiting: Map<number, { resolve(answer: RpcResponse): void; reject(error: Error): void }>;
  /** Accepts no more calls; closed after its last response. */
  retired: boolean;
}

export interface RpcConnection {
  /**
   * @throws NotSent, or another error when the connection closes or `signal` aborts before the
   * response.
   */
  call(what: string, body: unknown, signal: AbortSignal): Promise<RpcResponse>;
}

const CONNECT_MS = 1000;
/** Statuses of an instance without an RPC server or without a common version. */
const NO_RPC_STATUSES = [400, 404, 405, 426, 501];
/**
 * Maximum age of a connection in ms. A host name may stand for several instances (a Kubernetes
 * Service), and a permanent connection would never reach new ones.
 */
const LIFE_MS = 60_000;
/** Random part of the maximum age, so that clients do not reconnect at the same time. */
const SPREAD = 0.5;

/**
 * @param base URL of the instance's internal listener.
 * @param headers headers of the upgrade, called for each connection.
 * @param lifeMs maximum age of a connection in ms.
 */
export function openRpcConnection(
  base: string,
  headers: () => Record<string, string>,
  lifeMs = LIFE_MS,
): RpcConnection {
  let current: Promise<Link> | undefined;
  let lastId = 0;

  function retire(link: Link): void {
    if (!link.retired) current = undefined;
    link.retired = true;
    if (link.waiting.size === 0) link.ws.terminate();
  }

  function take(link: Link, text: string): void {
    const [id, status, value] = readAnswer(text);
    link.waiting.get(id)?.resolve({ status, value });
    link.waiting.delete(id);
    if (id === GOING_AWAY || link.retired) retire(link);
  }

  function dial(): Promise<Link> {
    return new Promise((resolve, reject) => {
      const ws = new WebSocket(`${base.replace(/^http/, 'ws').replace(/\/$/, '')}${RPC_PATH}`, PROTOCOLS, {
        headers: { ...headers(), [CAPABILITIES_HEADER]: CAPABILITIES.join(', ') },
        handshakeTimeout: CONNECT_MS,
        // Responses can be large: pages of many rooms.
        maxPayload: 0,
        perMessageDeflate: false,
        // Masking protects proxies from web pages and is useless here. ws skips a mask of zero.
        generateMask: () => undefined,
      });
      const link: Link = { ws, waiting: new Map(), retired: false };
      ws.on('open', () => {
        setTimeout(() => retire(link), lifeMs * (1 - SPREAD * Math.random())).unref();
        resolve(link);
      })
        .on('upgrade', ({ socket, headers: theirs }) => {
          const chosen = theirs['sec-websocket-protocol'] ?? '';
          if (!PROTOCOLS.includes(chosen)) reject(new NoCommonProtocol(`protocol "${chosen}"`));
          link.socket = socket.unref();
        })
        .on('unexpected-response', (_req, { statusCode }) => {
          const Refused = NO_RPC_STATUSES.includes(statusCode ?? 0) ? NoCommonProtocol : NotSent;
          reject(new Refused(`the connection was refused with ${statusCode}`));
          ws.terminate();
        })
        .on('message', (data) => take(link, data.toString()))
        .on('error', (error) => reject(new NotSent(error.message, { cause: error })))
        .on('close', () => {
          const waiting = [...link.waiting.values()];
          link.waiting.clear();
          retire(link);
          for (const one of waiting) one.reject(new Error('the connection was closed'));
        });
    });
  }

  async function linked(): Promise<Link> {
    current ??= dial();
    const attempt = current;
    try {
      return await attempt;
    } catch (error) {
      if (current === attempt) current = undefined;
      throw error;
    }
  }

  return {
    async call(what, body, signal) {
      const link = await linked();
      signal.throwIfAborted();
      const id = ++lastId;
      return await new Promise<RpcResponse>((resolve, reject) => {
        link.waiting.set(id, { resolve, reject });
        signal.addEventListener('abort', () => {
          if (!link.waiting.delete(id)) return;
          // A connection without a response may be dead: the next call uses a new one.
          retire(link);
          reject(signal.reason);
        });
        corkUntilNextTick(link.socket as Socket);
        link.ws.send(JSON.stringify([id, what, body]));
      });
    },
  };
}
