// Owns: which access token to use, and getting another one: from the app's function, or with the refresh token; once at a
// time, over all tabs of a browser that share a store.
import { claimsOf, margin, type ServerClock } from './clock.ts';
import { ChatApiError, NETWORK_ERROR } from './errors.ts';
import type { Tokens } from './models.ts';
import { exclusively, localKeep, now, sleep } from './platform.ts';
import type { Logger } from './rest.ts';

/** The app's function may take as long; it may ask a server of its own. */
const LONGEST_ASK_MS = 60_000;

/** A token, or a function that gives a fresh one each time that it is asked. */
export type TokenSource = string | (() => string | Promise<string>);

/** Where the tokens of a session are kept, so that tabs and reloads share them. */
export interface TokenStore {
  read(): Tokens | undefined | Promise<Tokens | undefined>;
  /** Undefined: logged out. */
  write(tokens: Tokens | undefined): void | Promise<void>;
}

/** A store in the browser's `localStorage`, which every script of the page's origin can read. */
export function localTokens(key = 'chatapi.tokens'): TokenStore {
  const keep = localKeep();
  return {
    read: () => JSON.parse(keep.getItem(key) ?? 'null') ?? undefined,
    write: (tokens) => (tokens === undefined ? keep.removeItem(key) : keep.setItem(key, JSON.stringify(tokens))),
  };
}

export interface TokenOptions {
  /** Not needed before `users.login`, nor with a store that has some. */
  token?: TokenSource;
  /** Renews `token`, as after a login. */
  refreshToken?: string;
  /** Hears each new pair, to keep it. */
  onTokens?(tokens: Tokens): void | Promise<void>;
  /** Shared by tabs and kept over reloads; see `localTokens`. What is in it goes before `token` and `refreshToken`. */
  tokenStore?: TokenStore;
}

async function asked(source: () => string | Promise<string>): Promise<string | undefined> {
  const given = new AbortController();
  const late = sleep(LONGEST_ASK_MS, given.signal).then(() => {
    throw new ChatApiError(NETWORK_ERROR, `The token function gave none within ${LONGEST_ASK_MS} ms`);
  });
  const token: unknown = await Promise.race([source(), late]).finally(() => given.abort());
  return typeof token === 'string' ? token : undefined;
}

export class TokenKeeper {
  #token: string | undefined;
  #source: (() => string | Promise<string>) | undefined;
  #refreshToken: string | undefined;
  #lifetime = 0;
  #renewing: Promise<unknown> = Promise.resolve();
  #opened: Promise<void> | undefined;
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

  /** The user whose token it is, as far as it can be read. */
  get subject(): string | undefined {
    return claimsOf(this.#token).sub;
  }

  /** The token to use now; one that is about to end is renewed first where that is possible. */
  async current(): Promise<string | undefined> {
    this.#opened ??= this.#takeStored();
    await this.#opened;
    const token = this.#token;
    const wanted = token === undefined || (this.canRenew && this.#isEnding(token));
    return wanted ? ((await this.renew(token)) ?? token) : token;
  }

  /**
   * Another token than `failed`, or undefined where there is none. Many callers at once make one renewal.
   * @throws ChatApiError of a renewal that may succeed later, and what the app's function throws.
   */
  renew(failed: string | undefined): Promise<string | undefined> {
    const turn = this.#renewing.then(() => this.#another(failed));
    this.#renewing = turn.catch(() => undefined);
    return turn;
  }

  /** From now on in the name of this session. */
  async adopt(tokens: Tokens): Promise<void> {
    this.#source = undefined;
    this.#hold(tokens);
    await this.#keeping(() => this.#options.tokenStore?.write(tokens));
    await this.#keeping(() => this.#options.onTokens?.(tokens));
  }

  async forget(): Promise<void> {
    this.#token = this.#refreshToken = this.#source = undefined;
    await this.#keeping(() => this.#options.tokenStore?.write(undefined));
  }

  async #another(failed: string | undefined): Promise<string | undefined> {
    if (this.#token !== undefined && this.#token !== failed) return this.#token;
    if (this.#source !== undefined) this.#token = await asked(this.#source);
    else if (this.canRenew) await exclusively(`chatapi.tokens.${this.subject ?? ''}`, () => this.#spend(failed));
    return this.#token === failed ? undefined : this.#token;
  }

  /** Another tab may have done it while this one waited for its turn. */
  async #spend(failed: string | undefined): Promise<void> {
    await this.#takeStored();
    if (this.#token !== failed || this.#refreshToken === undefined) return;
    try {
      await this.adopt(await this.#refresh(this.#refreshToken));
    } catch (error) {
      if (!(error instanceof ChatApiError) || error.retryable) throw error;
      this.#refreshToken = undefined;
    }
  }

  async #takeStored(): Promise<void> {
    const stored = await this.#keeping(() => this.#options.tokenStore?.read());
    if (stored !== undefined) this.#hold(stored);
  }

  /** A store, or an app, that does not keep them costs the next start, not this session. */
  async #keeping<T>(work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#logger.error('keeping the tokens failed:', error);
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
