// Bots and their tokens. Scope `users:write`, for reads `users:read`, for tokens `tokens:write`.
import { type Page, pageOf, pages } from './pages.ts';
import { path } from './paths.ts';
import type { CallOptions, Paging, Rest } from './rest.ts';
import type { Bot, BotFields, BotToken, BotTokenInput, NewBot, NewBotToken } from './server-models.ts';

/** Every method rejects with `ChatApiError`, for an unknown bot with `RESOURCE_NOT_FOUND`. */
export class BotsApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
  }

  /** Creates a bot, which then joins rooms as people do. */
  create(input: NewBot, options?: CallOptions): Promise<Bot> {
    return this.#rest.call('POST', '/bots', { ...options, body: input, safe: false });
  }

  /** Lists bots, newest first. */
  async list(query: Paging = {}, options?: CallOptions): Promise<Page<Bot>> {
    return pageOf('bots', await this.#rest.call('GET', '/bots', { ...options, query }));
  }

  /** Iterates over all bots, page by page. */
  iterate(): AsyncGenerator<Bot, void, undefined> {
    return pages((start) => this.list({ limit: 100, ...start }));
  }

  /** Changes the given fields. */
  update(botId: string, patch: BotFields, options?: CallOptions): Promise<Bot> {
    return this.#rest.call('PUT', path`/bots/${botId}`, { ...options, body: patch });
  }

  /** Ends the bot's tokens and erases it and all its content, permanently. */
  delete(botId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/bots/${botId}`, options);
  }

  /**
   * Creates a token, which a `ChatClient` takes as `token`; its secret is only in this answer.
   * `CONFLICT` with the reason `limit`: the bot has 10 already.
   */
  createToken(botId: string, input: BotTokenInput, options?: CallOptions): Promise<NewBotToken> {
    return this.#rest.call('POST', path`/bots/${botId}/tokens`, { ...options, body: input, safe: false });
  }

  /** Lists tokens of a bot, newest first. */
  async tokens(botId: string, query: Paging = {}, options?: CallOptions): Promise<Page<BotToken>> {
    return pageOf('tokens', await this.#rest.call('GET', path`/bots/${botId}/tokens`, { ...options, query }));
  }

  /** Ends a token: everywhere within a second, its connections too. */
  endToken(botId: string, tokenId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/bots/${botId}/tokens/${tokenId}`, options);
  }
}
