// Webhooks, and the proof that a request comes from this server. Scope `webhooks:write`.
import { ChatApiError } from './errors.ts';
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
  WebhookPayload,
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

/** Of the time in the request, in seconds. */
const TOLERANCE_S = 300;
const PREFIX = 'whsec_';

const refused = (message: string): ChatApiError => new ChatApiError('AUTHENTICATION_ERROR', message);

type HeaderSource = Headers | Record<string, string | string[] | undefined>;

/** Node's names of headers are in lower case. */
function headerOf(headers: HeaderSource, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value !== 'string') throw refused(`The request has no header ${name}`);
  return value;
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

function secretBytes(secret: string): Uint8Array<ArrayBuffer> {
  try {
    return bytesOf(secret.replace(PREFIX, ''));
  } catch {
    throw refused('The secret is not one of a webhook');
  }
}

/** A base64 text that can't be read is no signature. */
function signaturesIn(header: string): Uint8Array<ArrayBuffer>[] {
  return header.split(' ').flatMap((part) => {
    try {
      return part.startsWith('v1,') ? [bytesOf(part.slice(3))] : [];
    } catch {
      return [];
    }
  });
}

/**
 * Checks that a request comes from the server: the signature of the raw body by this secret, and
 * that it is at most 5 minutes old. Answer with 2xx once the event is handled: until then the next
 * one of its room waits. The same event may come again, with the same `webhook-id`.
 * @param body as it arrived, not parsed.
 * @throws ChatApiError AUTHENTICATION_ERROR
 */
export async function verifyWebhook(headers: HeaderSource, body: string, secret: string): Promise<WebhookPayload> {
  const [id, at, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headerOf(headers, name),
  ) as [string, string, string];
  if (!(Math.abs(Date.now() / 1000 - Number(at)) <= TOLERANCE_S)) throw refused('The request is too old');
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', secretBytes(secret), algorithm, false, ['verify']);
  const text = new TextEncoder().encode(`${id}.${at}.${body}`);
  for (const one of signaturesIn(signature))
    if (await crypto.subtle.verify('HMAC', key, one, text)) return JSON.parse(body) as WebhookPayload;
  throw refused('The signature is not valid');
}
