// Webhooks: for admins, and for application keys with the scope `webhooks:write`.
import { type Page, pageOf, pages } from './pages.ts';
import { path } from './paths.ts';
import type { CallOptions, Paging, Rest } from './rest.ts';
import type {
  Delivery,
  DeliveryStatus,
  NewWebhook,
  Webhook,
  WebhookInput,
  WebhookPatch,
  WebhookTest,
} from './webhook-models.ts';

export interface DeliveryQuery extends Paging {
  status?: DeliveryStatus;
}

/** From a seq of a room, or from a time. */
export type ReplayInput = { chat_id: string; from_seq: number } | { since: string };

/** Every method rejects with `ChatApiError`, for an unknown webhook with `RESOURCE_NOT_FOUND`. */
export class WebhooksApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
  }

  /** Creates a webhook; `CONFLICT` with the reason `limit`: there are 50 already. */
  create(input: WebhookInput, options?: CallOptions): Promise<NewWebhook> {
    return this.#rest.call('POST', '/admin/webhooks', { ...options, body: input, safe: false });
  }

  /** Lists webhooks, newest first. */
  async list(query: Paging = {}, options?: CallOptions): Promise<Page<Webhook>> {
    return pageOf('webhooks', await this.#rest.call('GET', '/admin/webhooks', { ...options, query }));
  }

  get(webhookId: string, options?: CallOptions): Promise<Webhook> {
    return this.#rest.call('GET', path`/admin/webhooks/${webhookId}`, options);
  }

  /** Changes the given fields. */
  update(webhookId: string, patch: WebhookPatch, options?: CallOptions): Promise<Webhook> {
    return this.#rest.call('PUT', path`/admin/webhooks/${webhookId}`, { ...options, body: patch });
  }

  delete(webhookId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/admin/webhooks/${webhookId}`, options);
  }

  /** Replaces the secret; the one before signs too for 24 hours. */
  rotateSecret(webhookId: string, options?: CallOptions): Promise<{ secret: string }> {
    return this.#rest.call('POST', path`/admin/webhooks/${webhookId}/rotate-secret`, { ...options, safe: false });
  }

  /** Delivers nothing until `resume`; nothing is lost. */
  pause(webhookId: string, options?: CallOptions): Promise<Webhook> {
    return this.#rest.call('POST', path`/admin/webhooks/${webhookId}/pause`, options);
  }

  /** Goes on where it stopped. */
  resume(webhookId: string, options?: CallOptions): Promise<Webhook> {
    return this.#rest.call('POST', path`/admin/webhooks/${webhookId}/resume`, options);
  }

  /** Sends a test event now. */
  test(webhookId: string, options?: CallOptions): Promise<WebhookTest> {
    return this.#rest.call('POST', path`/admin/webhooks/${webhookId}/test`, { ...options, safe: false });
  }

  /** Lists deliveries, newest first: failures of 7 days and the last 1,000 successes. */
  async deliveries(webhookId: string, query: DeliveryQuery = {}, options?: CallOptions): Promise<Page<Delivery>> {
    const answer = this.#rest.call<Record<string, unknown>>('GET', path`/admin/webhooks/${webhookId}/deliveries`, {
      ...options,
      query,
    });
    return pageOf('deliveries', await answer);
  }

  /** Iterates over all deliveries that are kept, page by page. */
  iterateDeliveries(webhookId: string): AsyncGenerator<Delivery, void, undefined> {
    return pages((start) => this.deliveries(webhookId, { limit: 100, ...start }));
  }

  /** Delivers again, in the same order and with the same ids. */
  replay(webhookId: string, input: ReplayInput, options?: CallOptions): Promise<void> {
    return this.#rest.call('POST', path`/admin/webhooks/${webhookId}/replay`, { ...options, body: input });
  }
}
