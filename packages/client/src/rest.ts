// REST calls with tokens, retries, waiting for rate limits, and error mapping.

import { Backoff } from './backoff.ts';
import { judgedBaseUrl } from './base-url.ts';
import { ServerClock } from './clock.ts';
import { ABORTED, asError, ChatApiError, errorOfAnswer, NETWORK_ERROR, redirected } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Tokens } from './models.ts';
import { filled, type Path, queryOf } from './paths.ts';
import { now, sleep } from './platform.ts';
import { MAX_LIMIT_WAIT_MS, RateLimitWait } from './rate-limit-wait.ts';
import { notOurs, RESPONSE_SHAPES, type ResponseShapes, readAnswer } from './response-shapes.ts';
import { TokenKeeper, type TokenOptions } from './tokens.ts';

export interface RestOptions extends TokenOptions {
  /** URL of the API gateway, such as `https://chat.example.com`. */
  baseUrl: string;
  /** Default: the global `fetch`. */
  fetch?: typeof fetch;
  /** Time limit of a request in ms; default 10,000. */
  timeoutMs?: number;
  /** Retries of a repeatable call while the server or network is unavailable; default 5. */
  retries?: number;
  /** Default: `console`. */
  logger?: Logger;
}

export interface CallOptions {
  signal?: AbortSignal;
}

/**
 * A page of a list: `limit` 1–100 (default 50) items, after the first `skip` (at most 10,000) or
 * from a `cursor`.
 */
export interface Paging {
  limit?: number;
  skip?: number;
  /** `next_cursor` of the page before, instead of `skip`. */
  cursor?: string;
}

export interface Request extends CallOptions {
  query?: object;
  body?: object;
  /** The call is idempotent and may be retried; default true. */
  safe?: boolean;
  anonymous?: boolean;
  /** Retries, and waits for rate limits; default true. */
  waits?: boolean;
}

/** Of clients that share a limit, such as those of the persons that a key acts as. */
interface RestExtras {
  /** Sent with each request. */
  headers?: Record<string, string>;
  limits?: RateLimitWait;
  shapes?: ResponseShapes;
}

/** The error of a request without a response. */
export const cutOff = (message: string, cause: unknown, signal: AbortSignal | undefined): ChatApiError =>
  signal?.aborted
    ? new ChatApiError(ABORTED, 'The call was aborted', { cause })
    : new ChatApiError(NETWORK_ERROR, message, { cause });

/** The error of a response that is not a success. */
async function refusalOf(response: Response): Promise<ChatApiError | undefined> {
  // With `redirect: 'manual'`; an own `fetch` may ignore it.
  if (response.type === 'opaqueredirect') return redirected(0, null);
  if (response.redirected) return redirected(response.status, response.url);
  if (response.ok) return undefined;
  const body = await response.json().catch(() => undefined);
  return errorOfAnswer(response.status, (name) => response.headers.get(name), body);
}

async function judged(response: Response): Promise<Response> {
  const refusal = await refusalOf(response);
  if (refusal !== undefined) throw refusal;
  return response;
}

/** The server's limits are waited for elsewhere. */
const mayRepeat = ({ code, foreign, retryable, retryAfterMs = 0 }: ChatApiError): boolean =>
  retryable && (foreign || code !== 'RATE_LIMIT_EXCEEDED') && retryAfterMs <= MAX_LIMIT_WAIT_MS;

export class Rest {
  readonly baseUrl: string;
  readonly clock = new ServerClock();
  readonly tokens: TokenKeeper;
  readonly logger: Logger;
  readonly fetch: typeof fetch;
  readonly #timeoutMs: number;
  readonly #retries: number;
  readonly #extras: Required<RestExtras>;

  constructor(
    options: RestOptions,
    { headers = {}, limits = new RateLimitWait(), shapes = RESPONSE_SHAPES }: RestExtras = {},
  ) {
    this.#extras = { headers, limits, shapes };
    this.baseUrl = judgedBaseUrl(options.baseUrl);
    this.fetch = options.fetch ?? ((...call) => fetch(...call));
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#retries = options.retries ?? 5;
    this.logger = options.logger ?? console;
    this.tokens = new TokenKeeper(options, (refreshToken) => this.#refresh(refreshToken), this.clock, this.logger);
  }

  /** Of operations whose code is loaded later. */
  expect(shapes: ResponseShapes): void {
    this.#extras.shapes = { ...this.#extras.shapes, ...shapes };
  }

  /** What each request bears. */
  headers(token: string | undefined): Record<string, string> {
    return { ...this.#extras.headers, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) };
  }

  /**
   * @returns the body of the response; undefined for an operation without one.
   * @throws ChatApiError
   */
  async call<T>(method: string, path: Path, request: Request = {}): Promise<T> {
    const { text, template } = filled(path);
    const { safe = true, waits = true } = request;
    const backoff = new Backoff();
    for (let left = this.#retries; ; left--) {
      try {
        const attempt = (): Promise<Response> => this.#attempt(method, text, request);
        const response = await (waits && !request.anonymous
          ? this.#extras.limits.run(attempt, request.signal)
          : attempt());
        return await this.answer(method, template, response, request.signal);
      } catch (thrown) {
        const error = asError(thrown);
        if (!safe || !waits || left <= 0 || !mayRepeat(error)) throw error;
        await sleep((error.retryAfterMs ?? 0) + backoff.next(), request.signal);
      }
    }
  }

  /** Reads and checks the body of a successful response. */
  async answer<T>(method: string, template: string, response: Response, signal?: AbortSignal): Promise<T> {
    const operation = `${method} ${template}`;
    let text: string;
    try {
      text = await response.text();
    } catch (cause) {
      throw cutOff(`${operation}: ${cause}`, cause, signal);
    }
    return readAnswer(operation, response.status, text, this.#extras.shapes) as T;
  }

  /** Downloads bytes. Every response of the server has an id, pages of proxies have not. */
  async download(path: Path, { signal, query }: CallOptions & { query?: object } = {}): Promise<Blob> {
    const { text, template } = filled(path);
    const response = await this.#attempt('GET', text + queryOf(query), { signal });
    if (response.headers.get('x-request-id') === null) throw notOurs(`GET ${template}`, response.status);
    return response.blob().catch((cause) => {
      throw cutOff(`GET ${template}: ${cause}`, cause, signal);
    });
  }

  /** Sends a request, and again with a new token if the first one has expired. */
  async authorized(send: (token?: string) => Promise<Response>): Promise<Response> {
    const token = await this.tokens.current();
    const response = await send(token);
    const refusal = await refusalOf(response);
    if (refusal === undefined) return response;
    const expired = refusal.status === 401 && !refusal.foreign;
    const fresh = expired ? await this.tokens.renew(token) : undefined;
    if (fresh === undefined) throw refusal;
    return judged(await send(fresh));
  }

  async #attempt(method: string, path: string, request: Request): Promise<Response> {
    const send = (token?: string): Promise<Response> => this.#exchange(method, path, request, token);
    return request.anonymous ? send().then(judged) : this.authorized(send);
  }

  async #exchange(method: string, path: string, request: Request, token?: string): Promise<Response> {
    const { query, body, signal } = request;
    if (signal?.aborted) throw cutOff('', undefined, signal);
    const late = AbortSignal.timeout(this.#timeoutMs);
    const headers = { ...this.headers(token), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) };
    try {
      const response = await this.fetch(this.baseUrl + path + queryOf(query), {
        method,
        headers,
        redirect: 'manual',
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: signal ? AbortSignal.any([signal, late]) : late,
      });
      this.clock.rough(response.headers.get('date'), now());
      return response;
    } catch (cause) {
      const reason = late.aborted ? `no response within ${this.#timeoutMs} ms` : String(cause);
      throw cutOff(`${method} ${path}: ${reason}`, cause, signal);
    }
  }

  // The old token stays valid until its successor is used, so the call may be retried.
  #refresh(refreshToken: string): Promise<Tokens> {
    return this.call('POST', '/users/refresh', { body: { refresh_token: refreshToken }, anonymous: true });
  }
}
