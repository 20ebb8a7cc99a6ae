// Owns: calls to one instance over one kept WebSocket, for who calls many times a second: HTTP around each would cost more than most of
// them do. The other end is call-door.ts. Guarantee: a call that ends without an answer may have been done, except with NotBegun.
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { together } from './together.ts';

/** No connection was to be had: whatever was asked was not begun. */
export class NotBegun extends Error {}

// JSON: `[id, what, body]` inward, where `what` is as in HTTP (`GET /internal/x?after=1`); `[id, status, value]` back, and behind a line's end
// the `body` of a value that is enclosed text.
export const CALLS_PATH = '/internal/calls';
/** The id of an answer to no call: the other end takes no further ones. */
export const LAST = 0;

/** An answer whose `body` is text that nobody on the way reads: it travels as it is, instead of as a string of JSON in JSON. */
export class Enclosed<Head extends object> {
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

export const answerText = (id: number, status: number, value: unknown): string => {
  if (value === undefined) return JSON.stringify([id, status]);
  if (!(value instanceof Enclosed)) return JSON.stringify([id, status, value]);
  return `${JSON.stringify([id, status, value.head])}\n${value.body}`;
};

function readAnswer(text: string): [id: number, status: number, value: unknown] {
  const end = text.indexOf('\n');
  if (end < 0) return JSON.parse(text);
  const [id, status, head] = JSON.parse(text.slice(0, end)) as [number, number, object];
  return [id, status, { ...head, body: text.slice(end + 1) }];
}

export interface Answered {
  status: number;
  value: unknown;
}

interface Link {
  ws: WebSocket;
  /** Under it, since the upgrade. */
  socket?: Socket;
  waiting: Map<number, { resolve(answer: Answered): void; reject(error: Error): void }>;
  /** Takes no more calls; ends with its last answer. */
  retired: boolean;
}

export interface CallSocket {
  /** @throws NotBegun, or another error when the connection went or `signal` aborted before the answer came. */
  call(what: string, body: unknown, signal: AbortSignal): Promise<Answered>;
}

const CONNECT_MS = 1000;
/** A name may stand for several instances (a Service of Kubernetes): who keeps a connection for ever would never meet those that came later. */
const LIFE_MS = 60_000;
/** Part of it that is left to chance, so that not all dial at once. */
const SPREAD = 0.5;

/** @param base URL of the instance's second listener. @param headers of the upgrade, made anew for each. @param lifeMs of a connection. */
export function openCallSocket(base: string, headers: () => Record<string, string>, lifeMs = LIFE_MS): CallSocket {
  let current: Promise<Link> | undefined;
  let made = 0;

  function retire(link: Link): void {
    if (!link.retired) current = undefined;
    link.retired = true;
    if (link.waiting.size === 0) link.ws.terminate();
  }

  function take(link: Link, text: string): void {
    const [id, status, value] = readAnswer(text);
    link.waiting.get(id)?.resolve({ status, value });
    link.waiting.delete(id);
    if (id === LAST || link.retired) retire(link);
  }

  function dial(): Promise<Link> {
    return new Promise((resolve, reject) => {
      const ws = new WebSocket(`${base.replace(/^http/, 'ws').replace(/\/$/, '')}${CALLS_PATH}`, {
        headers: headers(),
        handshakeTimeout: CONNECT_MS,
        // An answer is as large as what was asked for: pages of many rooms.
        maxPayload: 0,
        perMessageDeflate: false,
        // Masks guard proxies against pages; here they would only cost. Zero is one that ws does not apply.
        generateMask: () => undefined,
      });
      const link: Link = { ws, waiting: new Map(), retired: false };
      ws.on('open', () => {
        setTimeout(() => retire(link), lifeMs * (1 - SPREAD * Math.random())).unref();
        resolve(link);
      })
        .on('upgrade', ({ socket }) => {
          link.socket = socket.unref();
        })
        .on('message', (data) => take(link, data.toString()))
        .on('error', (error) => reject(new NotBegun(error.message, { cause: error })))
        .on('close', () => {
          const waiting = [...link.waiting.values()];
          link.waiting.clear();
          retire(link);
          for (const one of waiting) one.reject(new Error('the connection went'));
        });
    });
  }

  async function linked(): Promise<Link> {
    current ??= dial();
    const mine = current;
    try {
      return await mine;
    } catch (error) {
      if (current === mine) current = undefined;
      throw error;
    }
  }

  return {
    async call(what, body, signal) {
      const link = await linked();
      signal.throwIfAborted();
      const id = ++made;
      return await new Promise<Answered>((resolve, reject) => {
        link.waiting.set(id, { resolve, reject });
        signal.addEventListener('abort', () => {
          if (!link.waiting.delete(id)) return;
          // What does not answer in time may be dead without a word: the next call does not wait for it.
          retire(link);
          reject(signal.reason);
        });
        together(link.socket as Socket);
        link.ws.send(JSON.stringify([id, what, body]));
      });
    },
  };
}
