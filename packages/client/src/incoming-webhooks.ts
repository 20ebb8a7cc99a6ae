// Incoming webhooks of a room, for its owners and moderators. Others post to their URLs, without an
// account.

import { type Page, pageOf, pages } from './pages.ts';
import { path } from './paths.ts';
import type { ResponseShapes } from './response-shapes.ts';
import type { CallOptions, Paging, Rest } from './rest.ts';
import type { IncomingWebhook, NewIncomingWebhook } from './webhook-models.ts';

const ITEM = { id: 'string' } as const;
export const INCOMING_RESPONSE_SHAPES: ResponseShapes = {
  'POST /rooms/{}/incoming-webhooks': { ...ITEM, url: 'string' },
  'GET /rooms/{}/incoming-webhooks': { incoming_webhooks: [ITEM] },
};

/**
 * Every method rejects with `ChatApiError`; `AUTHORIZATION_ERROR`: the caller does not moderate the
 * room.
 */
export class IncomingWebhooksApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    rest.expect(INCOMING_RESPONSE_SHAPES);
    this.#rest = rest;
  }

  /** Creates a webhook. Its `url` is only in this answer. `name`: 1–64 characters. */
  create(chatId: string, input: { name: string }, options?: CallOptions): Promise<NewIncomingWebhook> {
    return this.#rest.call('POST', path`/rooms/${chatId}/incoming-webhooks`, { ...options, body: input, safe: false });
  }

  /** Lists webhooks of a room, newest first. */
  async list(chatId: string, query: Paging = {}, options?: CallOptions): Promise<Page<IncomingWebhook>> {
    const answer = this.#rest.call<Record<string, unknown>>('GET', path`/rooms/${chatId}/incoming-webhooks`, {
      ...options,
      query,
    });
    return pageOf('incoming_webhooks', await answer);
  }

  /** Iterates over all webhooks of a room, page by page. */
  iterate(chatId: string): AsyncGenerator<IncomingWebhook, void, undefined> {
    return pages((start) => this.list(chatId, { limit: 100, ...start }));
  }

  /** Its URL takes nothing any more; its messages stay. */
  delete(chatId: string, webhookId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/rooms/${chatId}/incoming-webhooks/${webhookId}`, options);
  }
}
