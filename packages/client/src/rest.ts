// Owns: one REST call: its token, its retries, waiting where a limit is reached, and the error that it ends with.
import { Backoff } from './backoff.ts';
import { ServerClock } from './clock.ts';
import { ABORTED, asError, ChatApiError, errorOfAnswer, NETWORK_ERROR } from './errors.ts';
import type { Tokens } from './models.ts';
import { now, sleep } from './platform.ts';
import { TokenKeeper, type TokenOptions } from './tokens.ts';

/** A call waits as long for a limit to be lifted; where the server says longer, the error is raised at once. */
const LONGEST_LIMIT_WAIT_MS = 120_000;

export interface Logger {
  /** What the app should see: its own handlers that failed, a store that does not keep. */
  error(...what: unknown[]): void;
}

export interface RestOptions extends TokenOptions {
  /** Where the gateway is, such as `https://chat.example.com`. */
  baseUrl: string;
  /** Default: the platform's. */
  fetch?: typeof fetch;
  /** For one request; default 10,000. */
  timeoutMs?: number;
  /** How often a call that may be repeated is tried again where the server or the network is away; default 5. */
  retries?: number;
  /** Default: the console. */
  logger?: Logger;
}

export interface CallOptions {
  signal?: AbortSignal;
}

/** A list's page as asked for: at most 100 from `skip` on; default 50. */
export interface Paging {
  limit?: number;
  skip?: number;
}

export interface Request extends CallOptions {
  query?: object;
  body?: object;
  /** Doing it twice is doing it once, so that it may be tried again; default true. */
  safe?: boolean;
  anonymous?: boolean;
  /** Tries again, and waits for a limit; without it the first answer counts; default true. */
  waits?: boolean;
}

/** The path, its values each as one segment. */
export const path = (parts: TemplateStringsArray, ...values: string[]): string =>
  parts.reduce((before, part, i) => before + encodeURIComponent(values[i - 1] as string) + part);

function queryOf(query: object = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)]))).toString();
  return text === '' ? '' : `?${text}`;
}

export const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { Authorization: `Bearer ${token}` };

/** The error of a request that was not answered. */
export const cutOff = (message: string, cause: unknown, signal: AbortSignal | undefined): ChatApiError =>
  signal?.aborted
    ? new ChatApiError(ABORTED, 'The call was aborted', { cause })
    : new ChatApiError(NETWORK_ERROR, message, { cause });

async function judged(response: Response): Promise<Response> {
  if (response.ok) return response;
  const body = await response.json().catch(() => undefined);
  throw errorOfAnswer(response.status, (name) => response.headers.get(name), body);
}

export class Rest {
  readonly baseUrl: string;
  readonly clock = new ServerClock();
  readonly tokens: TokenKeeper;
  readonly logger: Logger;
  readonly fetch: typeof fetch;
  readonly #timeoutMs: number;
  readonly #retries: number;
  #limitTurn: Promise<unknown> = Promise.resolve();
  #limitedUntil = 0;

  constructor(options: RestOptions) {
    this.baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.fetch = options.fetch ?? ((...call) => fetch(...call));
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#retries = options.retries ?? 5;
    this.logger = options.logger ?? console;
    this.tokens = new TokenKeeper(options, (refreshToken) => this.#refresh(refreshToken), this.clock, this.logger);
  }

  /** @returns the answer's body; undefined without one. @throws ChatApiError */
  async call<T>(method: string, path: string, request: Request = {}): Promise<T> {
    const { safe = true, waits = true } = request;
    const backoff = new Backoff();
    for (let left = this.#retries; ; left--) {
      try {
        const response = await (waits && !request.anonymous
          ? this.#paced(method, path, request)
          : this.attempt(method, path, request));
        const text = await response.text();
        return (text === '' ? undefined : JSON.parse(text)) as T;
      } catch (thrown) {
        const error = asError(thrown);
        const again = safe && waits && left > 0 && error.retryable && error.code !== 'RATE_LIMIT_EXCEEDED';
        if (!again) throw error;
        await sleep((error.retryAfterMs ?? 0) + backoff.next(), request.signal);
      }
    }
  }

  attempt(method: string, path: string, request: Request = {}): Promise<Response> {
    const send = (token?: string): Promise<Response> => this.#exchange(method, path, request, token);
    return request.anonymous ? send().then(judged) : this.authorized(send);
  }

  /** One request; a second one with a fresh token when the first was found to have ended. */
  async authorized(send: (token?: string) => Promise<Response>): Promise<Response> {
    const token = await this.tokens.current();
    const response = await send(token);
    const fresh = response.status === 401 ? await this.tokens.renew(token) : undefined;
    return judged(fresh === undefined ? response : await send(fresh));
  }

  /** Once a limit is reached, calls go one after the other, in the order in which they came. */
  async #paced(method: string, path: string, request: Request): Promise<Response> {
    if (now() >= this.#limitedUntil) {
      try {
        return await this.attempt(method, path, request);
      } catch (error) {
        this.#noteLimit(error);
      }
    }
    const turn = this.#limitTurn.then(() => this.#untilAllowed(method, path, request));
    this.#limitTurn = turn.catch(() => undefined);
    return turn;
  }

  async #untilAllowed(method: string, path: string, request: Request): Promise<Response> {
    while (true) {
      await sleep(this.#limitedUntil - now(), request.signal);
      try {
        return await this.attempt(method, path, request);
      } catch (error) {
        this.#noteLimit(error);
      }
    }
  }

  #noteLimit(thrown: unknown): void {
    const { code, retryAfterMs = 1000 } = asError(thrown);
    if (code !== 'RATE_LIMIT_EXCEEDED' || retryAfterMs > LONGEST_LIMIT_WAIT_MS) throw thrown;
    this.#limitedUntil = Math.max(this.#limitedUntil, now() + retryAfterMs);
  }

  async #exchange(method: string, path: string, request: Request, token?: string): Promise<Response> {
    const { query, body, signal } = request;
    if (signal?.aborted) throw cutOff('', undefined, signal);
    const late = AbortSignal.timeout(this.#timeoutMs);
    const headers = { ...bearer(token), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) };
    try {
      const response = await this.fetch(this.baseUrl + path + queryOf(query), {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: signal ? AbortSignal.any([signal, late]) : late,
      });
      this.clock.rough(response.headers.get('date'), now());
      return response;
    } catch (cause) {
      const reason = late.aborted ? `no answer within ${this.#timeoutMs} ms` : String(cause);
      throw cutOff(`${method} ${path}: ${reason}`, cause, signal);
    }
  }

  // The old token stays good until its successor is used, so a lost answer may be asked for again.
  #refresh(refreshToken: string): Promise<Tokens> {
    return this.call('POST', '/users/refresh', { body: { refresh_token: refreshToken }, anonymous: true });
  }
}
