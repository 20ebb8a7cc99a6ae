// Access tokens: from the app's function or with the refresh token, renewed once at a time over all
// tabs that share a store.
import { claimsOf, margin, type ServerClock } from './clock.ts';
import { ChatApiError, NETWORK_ERROR } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Tokens } from './models.ts';
import { exclusively, now, sleep } from './platform.ts';
import { isTokens, type TokenStore } from './token-store.ts';

/** Time limit of the app's token function, which may ask its own server. */
const MAX_TOKEN_FUNCTION_MS = 60_000;

/** Delays between checks for a newer pair after the server refused the old one: 6 s in all. */
const POLL_DELAYS_MS = [50, 100, 200, 400, 800, 1600, 3200];

/** Refusals of a refresh token by the server; any other error says nothing about it. */
const ENDS_SESSION = new Set(['AUTHENTICATION_ERROR', 'AUTHORIZATION_ERROR', 'VALIDATION_ERROR']);

/** A token, or a function that returns a new one at each call. */
export type TokenSource = string | (() => string | Promise<string>);

export interface TokenOptions {
  /** Not needed for `users.login`, nor with a store that holds tokens. */
  token?: TokenSource;
  /** Renews `token`, as it is done after a login. */
  refreshToken?: string;
  /** Called with each new pair. */
  onTokens?(tokens: Tokens): void | Promise<void>;
  /**
   * Shared by tabs and kept over reloads; see `localTokens`. Has precedence over `token` and
   * `refreshToken`.
   */
  tokenStore?: TokenStore;
}

async function asked(source: () => string | Promise<string>): Promise<string | undefined> {
  const given = new AbortController();
  const late = sleep(MAX_TOKEN_FUNCTION_MS, given.signal).then(() => {
    throw new ChatApiError(NETWORK_ERROR, `The token function returned none within ${MAX_TOKEN_FUNCTION_MS} ms`);
  });
  // A function that throws at once must not leave the timer.
  const token: unknown = await Promise.race([Promise.resolve().then(source), late]).finally(() => given.abort());
  return typeof token === 'string' ? token : undefined;
}

export class TokenKeeper {
  #token: string | undefined;
  #source: (() => string | Promise<string>) | undefined;
  #refreshToken: string | undefined;
  #lifetime = 0;
  #renewing: Promise<unknown> = Promise.resolve();
  #opened: Promise<void> | undefined;
  #replacing = 0;
  readonly #failing = new Set<string>();
  readonly #options: TokenOptions;
  readonly #refresh: (refreshToken: string) => Promise<Tokens>;
  readonly #clock: ServerClock;
  readonly #logger: Logger;

  constructor(
    options: TokenOptions,
    refresh: (refreshToken: string) => Promise<Tokens>,
    clock: ServerClock,
    logger: Logger,
  ) {
    const { token, refreshToken } = options;
    this.#options = options;
    this.#token = typeof token === 'string' ? token : undefined;
    this.#source = typeof token === 'function' ? token : undefined;
    this.#refreshToken = refreshToken;
    this.#refresh = refresh;
    this.#clock = clock;
    this.#logger = logger;
  }

  get canRenew(): boolean {
    return this.#source !== undefined || this.#refreshToken !== undefined;
  }

  /** The user id in the token, if it can be read. */
  get subject(): string | undefined {
    return claimsOf(this.#token).sub;
  }

  /** The current token; one that is about to expire is renewed first, if possible. */
  async current(): Promise<string | undefined> {
    this.#opened ??= this.#takeStored();
    await this.#opened;
    const token = this.#token;
    const wanted = token === undefined || (this.canRenew && this.#isEnding(token));
    return wanted ? ((await this.renew(token)) ?? token) : token;
  }

  /**
   * Gets a token other than `failed`; undefined if there is none. Concurrent calls share one
   * renewal.
   * @throws ChatApiError of a renewal that may succeed later, and errors of the app's function.
   */
  renew(failed: string | undefined): Promise<string | undefined> {
    const turn = this.#renewing.then(() => this.#another(failed));
    this.#renewing = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Runs a call that invalidates the current tokens and returns new ones; renewals wait for those
   * before they fail.
   */
  async replace(call: () => Promise<Tokens>): Promise<Tokens> {
    this.#replacing++;
    try {
      const tokens = await call();
      await this.adopt(tokens);
      return tokens;
    } finally {
      this.#replacing--;
    }
  }

  /** Switches to this session. */
  async adopt(tokens: Tokens): Promise<void> {
    this.#source = undefined;
    this.#hold(tokens);
    await this.#keeping('write', () => this.#options.tokenStore?.write(tokens));
    await this.#keeping('onTokens', () => this.#options.onTokens?.(tokens));
  }

  async forget(): Promise<void> {
    this.#token = this.#refreshToken = this.#source = undefined;
    await this.#keeping('write', () => this.#options.tokenStore?.write(undefined));
  }

  async #another(failed: string | undefined): Promise<string | undefined> {
    if (this.#token !== undefined && this.#token !== failed) return this.#token;
    if (this.#source !== undefined) this.#token = await asked(this.#source);
    else if (this.canRenew) await exclusively(`chatapi.tokens.${this.subject ?? ''}`, () => this.#spend(failed));
    return this.#token === failed ? undefined : this.#token;
  }

  /** Another tab may have renewed it meanwhile. */
  async #spend(failed: string | undefined): Promise<void> {
    await this.#takeStored();
    if (this.#token !== failed || this.#refreshToken === undefined) return;
    try {
      const tokens = await this.#refresh(this.#refreshToken);
      // A password change, here or in another tab, may have invalidated these tokens.
      await this.#takeStored();
      if (!this.#isOlder(tokens)) await this.adopt(tokens);
    } catch (error) {
      if (!(error instanceof ChatApiError) || error.foreign || !ENDS_SESSION.has(error.code)) throw error;
      if (!(await this.#wasReplaced(failed))) this.#refreshToken = undefined;
    }
  }

  /**
   * A password change invalidates tokens before its response arrives and before other tabs see it
   * in the store.
   */
  async #wasReplaced(failed: string | undefined): Promise<boolean> {
    for (const pause of POLL_DELAYS_MS) {
      if (this.#token === failed) await this.#takeStored();
      if (this.#token !== failed) return true;
      if (this.#replacing === 0 && this.#options.tokenStore === undefined) return false;
      await sleep(pause);
    }
    return this.#token !== failed;
  }

  /** Whether it is of the same session and issued before the current one. */
  #isOlder({ access_token }: Tokens): boolean {
    const [held, other] = [claimsOf(this.#token), claimsOf(access_token)];
    return held.sid !== undefined && held.sid === other.sid && Number(other.iat) < Number(held.iat);
  }

  async #takeStored(): Promise<void> {
    const stored = await this.#keeping('read', () => this.#options.tokenStore?.read());
    // `localStorage` of another tab may lag behind.
    if (isTokens(stored) && !this.#isOlder(stored)) this.#hold(stored);
  }

  /** A failing store affects the next start, not this session. Logged once until it works. */
  async #keeping<T>(act: string, work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      const result = await work();
      this.#failing.delete(act);
      return result;
    } catch (error) {
      if (!this.#failing.has(act)) this.#logger.error(`storing the tokens failed (${act}):`, error);
      this.#failing.add(act);
      return undefined;
    }
  }

  #hold(tokens: Tokens): void {
    this.#token = tokens.access_token;
    this.#refreshToken = tokens.refresh_token;
    this.#lifetime = 0;
  }

  #isEnding(token: string): boolean {
    const serverNow = this.#clock.at(now());
    const { exp } = claimsOf(token);
    if (serverNow === undefined || exp === undefined) return false;
    const left = exp * 1000 - serverNow;
    this.#lifetime = Math.max(this.#lifetime, left);
    return left < margin(this.#lifetime);
  }
}
