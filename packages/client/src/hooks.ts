// The hook that is asked before a message or an edit is taken. Scope `webhooks:write`.
import type { CallOptions, Rest } from './rest.ts';
import type { BeforeMessageHook, BeforeMessageInput } from './webhook-models.ts';

const PATH = '/admin/hooks/before-message';

/** Every method rejects with `ChatApiError`; without a hook: `RESOURCE_NOT_FOUND`. */
export class HooksApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
  }

  /** Sets the hook. It holds within a second. `secret` is only in the answer that makes it. */
  putBeforeMessage(input: BeforeMessageInput, options?: CallOptions): Promise<BeforeMessageHook> {
    return this.#rest.call('PUT', PATH, { ...options, body: input, safe: false });
  }

  beforeMessage(options?: CallOptions): Promise<BeforeMessageHook> {
    return this.#rest.call('GET', PATH, options);
  }

  /** Messages are taken unasked, within a second. */
  deleteBeforeMessage(options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', PATH, options);
  }
}
