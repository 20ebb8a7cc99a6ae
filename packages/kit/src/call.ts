// Owns: a call from one service to another: deadline, kept connections, the next instance when one is down, errors passed on.
import type { KeyObject } from 'node:crypto';
import { Agent, request } from 'undici';
import { type CallSocket, NotBegun, openCallSocket } from './call-socket.ts';
import { AppError, ERROR_STATUS, type ErrorCode, unavailable } from './errors.ts';
import { IDENTITY_HEADER, type Identity, sealIdentity } from './identity.ts';

export interface CallOptions {
  body?: unknown;
  query?: Record<string, string | number | boolean | undefined>;
  /** On whose behalf; default: this service itself. */
  identity?: Identity;
  request_id?: string;
  /** Milliseconds until SERVICE_UNAVAILABLE; default 2500, so that a caller outside hears within 3 s. */
  timeoutMs?: number;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Peer {
  /** The JSON answer of the other service; `undefined` for 204. @throws AppError as the other service threw it. */
  call<T>(method: Method, path: string, options?: CallOptions): Promise<T>;
  /** How many instances there are: `call` takes them in turn; `at(i)` is one of them alone, `from(i)` goes on to the next when it is down. */
  readonly size: number;
  at(index: number): Pick<Peer, 'call'>;
  from(index: number): Pick<Peer, 'call'>;
}

const DEFAULT_MS = 2500;
const agent = new Agent({ keepAliveTimeout: 30_000, connections: 64, connect: { timeout: 1000 }, pipelining: 1 });

// Only a refused connection proves that nothing was done: then, and only then, another instance may be asked.
const wasRefused = (error: unknown): boolean =>
  error instanceof NotBegun ||
  ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'].includes(
    (error as { code?: string }).code ?? '',
  );

function passOn(peer: string, status: number, body: unknown): AppError {
  const { code, message, details } = (body ?? {}) as {
    code?: ErrorCode;
    message: string;
    details: Record<string, unknown>;
  };
  if (code !== undefined && code in ERROR_STATUS) return new AppError(code, message, { details, status });
  // Not our error object: something in between answered.
  return unavailable(peer, new Error(`${peer} answered ${status}`));
}

function queryOf({ query }: CallOptions): string {
  if (query === undefined) return '';
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) text.set(name, String(value));
  return `?${text}`;
}

/** Carries one call to one instance. */
type Carry = <T>(base: string, method: Method, path: string, o: CallOptions, signal: AbortSignal) => Promise<T>;

function byHttp(peer: string, key: KeyObject, ownIdentity: () => string): Carry {
  return async <T>(base: string, method: Method, path: string, o: CallOptions, signal: AbortSignal): Promise<T> => {
    const answer = await request(new URL(path + queryOf(o), base), {
      method,
      dispatcher: agent,
      signal,
      headers: {
        [IDENTITY_HEADER]: o.identity === undefined ? ownIdentity() : sealIdentity(key, o.identity),
        ...(o.request_id === undefined ? {} : { 'x-request-id': o.request_id }),
        ...(o.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: o.body === undefined ? null : JSON.stringify(o.body),
    });
    if (answer.statusCode === 204) {
      await answer.body.dump();
      return undefined as T;
    }
    if (answer.statusCode >= 400)
      throw passOn(peer, answer.statusCode, await answer.body.json().catch(() => undefined));
    return (await answer.body.json()) as T;
  };
}

/** What is called time and again needs neither names in its path nor anybody else's identity. */
function bySocket(peer: string, urls: string[], ownIdentity: () => string, lifeMs?: number): Carry {
  const headers = () => ({ [IDENTITY_HEADER]: ownIdentity() });
  const sockets = new Map(urls.map((base) => [base, openCallSocket(base, headers, lifeMs)]));
  return async <T>(base: string, method: Method, path: string, o: CallOptions, signal: AbortSignal) => {
    const what = `${method} ${path}${queryOf(o)}`;
    const { status, value } = await (sockets.get(base) as CallSocket).call(what, o.body, signal);
    if (status >= 400) throw passOn(peer, status, value);
    return value as T;
  };
}

/** What a service shows of itself: sealed once for many calls. */
function ownSeal(key: KeyObject, self: string): () => string {
  let sealed = { text: '', until: 0 };
  return () => {
    if (Date.now() > sealed.until) {
      sealed = { text: sealIdentity(key, { kind: 'service', service: self }), until: Date.now() + 30_000 };
    }
    return sealed.text;
  };
}

function peerBy(carry: Carry, peer: string, urls: string[]): Peer {
  async function ask<T>(bases: string[], method: Method, path: string, o: CallOptions): Promise<T> {
    // Not AbortSignal.timeout: that one fires, and makes an error, for every call that was answered long ago as well.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error(`${peer} did not answer in time`)), o.timeoutMs ?? DEFAULT_MS);
    let last: unknown;
    try {
      for (const base of bases) {
        try {
          return await carry<T>(base, method, path, o, late.signal);
        } catch (error) {
          if (error instanceof AppError) throw error;
          last = error;
          if (!wasRefused(error)) break;
        }
      }
    } finally {
      clearTimeout(timer);
    }
    throw unavailable(peer, last);
  }

  const only = (bases: string[]): Pick<Peer, 'call'> => ({
    call: (method, path, options = {}) => ask(bases, method, path, options),
  });
  const from = (index: number): Pick<Peer, 'call'> => only([...urls.slice(index), ...urls.slice(0, index)]);
  let turn = 0;
  return {
    size: urls.length,
    call(method, path, options) {
      turn = (turn + 1) % urls.length;
      return from(turn).call(method, path, options);
    },
    at: (index) => only([urls[index] as string]),
    from,
  };
}

/** `urls`: base URLs of the peer's instances (their second listeners). */
export const openPeer = (peer: string, urls: string[], key: KeyObject, self: string): Peer =>
  peerBy(byHttp(peer, key, ownSeal(key, self)), peer, urls);

/** The same over kept sockets, each for a minute at most. Only for routes without names in their path, on this service's own behalf. */
export const openKeptPeer = (peer: string, urls: string[], key: KeyObject, self: string, lifeMs?: number): Peer =>
  peerBy(bySocket(peer, urls, ownSeal(key, self), lifeMs), peer, urls);
