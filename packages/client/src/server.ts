// `@chatapi/client/server`: for the backend of an application, which has an application key.
import { AdminApi } from './admin.ts';
import type { Stats } from './admin-models.ts';
import { ADMIN_RESPONSE_SHAPES } from './admin-response-shapes.ts';
import { AppUsersApi } from './app-users.ts';
import { BotsApi } from './bots.ts';
import { ChatsApi } from './chats.ts';
import { FilesApi } from './files.ts';
import { HooksApi } from './hooks.ts';
import { INCOMING_RESPONSE_SHAPES, IncomingWebhooksApi } from './incoming-webhooks.ts';
import { MessagesApi } from './messages.ts';
import { ModerationApi } from './moderation.ts';
import { segment } from './paths.ts';
import { PeopleApi } from './people.ts';
import { RateLimitWait } from './rate-limit-wait.ts';
import { RESPONSE_SHAPES, type ResponseShapes } from './response-shapes.ts';
import { type CallOptions, Rest, type RestOptions } from './rest.ts';
import { EventsApi } from './room-events.ts';
import { TOOL_RESPONSE_SHAPES } from './tool-response-shapes.ts';
import { WebhooksApi } from './webhooks.ts';

export type { ReportQuery } from './admin.ts';
export type * from './admin-models.ts';
export type { AppUsersApi } from './app-users.ts';
export type { BotsApi } from './bots.ts';
export type { ChatInput, ChatPatch, ChatQuery, ChatsApi } from './chats.ts';
export { ChatApiError, type ErrorCode } from './errors.ts';
export type * from './events.ts';
export type { FilesApi } from './files.ts';
export type { HooksApi } from './hooks.ts';
export type { IncomingWebhooksApi } from './incoming-webhooks.ts';
export type { Logger } from './logger.ts';
export type { ListQuery, MessagesApi, Place, ReadInput, SendInput } from './messages.ts';
export type * from './models.ts';
export type { ModerationApi, ShortBanInput } from './moderation.ts';
export type { Page } from './pages.ts';
export type { PeopleApi } from './people.ts';
export type { CallOptions, Paging } from './rest.ts';
export type * from './room-events.ts';
export type * from './server-models.ts';
export type { Source, UploadOptions } from './upload.ts';
export type * from './webhook-models.ts';
export { verifyWebhook } from './webhook-signature.ts';
export type { DeliveryQuery, ReplayInput, WebhooksApi } from './webhooks.ts';

const ITEM = { id: 'string' } as const;
const USER = { ...ITEM, external_id: 'string' } as const;

const SERVER_RESPONSE_SHAPES: ResponseShapes = {
  ...RESPONSE_SHAPES,
  ...ADMIN_RESPONSE_SHAPES,
  ...INCOMING_RESPONSE_SHAPES,
  'POST /app/users/batch': { results: [{ status: 'string' }] },
  'PUT /app/users/{}': USER,
  'GET /app/users/{}': USER,
  'DELETE /app/users/{}': ITEM,
  'POST /app/users/{}/deactivate': USER,
  'POST /app/users/{}/activate': USER,
  'POST /app/users/{}/tokens': { access_token: 'string', user: USER },
  ...TOOL_RESPONSE_SHAPES,
};

export interface ChatServerOptions extends Pick<RestOptions, 'baseUrl' | 'fetch' | 'timeoutMs' | 'retries' | 'logger'> {
  /** The secret of an application key, `cak_…`. Never give it to a browser. */
  key: string;
}

/** A user by the server's id, or by the application's own. */
export type PersonName = string | { externalId: string };

/**
 * The API as a person that the key acts as. Other changes than messages, reactions and reads stand
 * in the audit log with the key. Every method rejects with `ChatApiError`.
 */
export class ActingApi {
  readonly chats: ChatsApi;
  readonly messages: MessagesApi;
  readonly files: FilesApi;
  readonly users: PeopleApi;
  readonly events: EventsApi;
  readonly incomingWebhooks: IncomingWebhooksApi;

  constructor(rest: Rest) {
    this.chats = new ChatsApi(rest);
    this.messages = new MessagesApi(rest);
    this.files = new FilesApi(rest);
    this.users = new PeopleApi(rest);
    this.events = new EventsApi(rest);
    this.incomingWebhooks = new IncomingWebhooksApi(rest);
  }
}

/** Percent-encoded, as the header must be. @throws ChatApiError */
function headerFor(person: PersonName): string {
  return typeof person === 'string' ? segment(person) : `ext:${segment(person.externalId)}`;
}

/**
 * What an application key may do. Calls retry and wait for limits as those of `ChatClient`; the
 * limit of the key is shared by all its calls. An ended key is `AUTHENTICATION_ERROR`, a missing
 * scope `AUTHORIZATION_ERROR` with `details: { reason: 'scope', scope }`.
 */
export class ChatServer {
  readonly users: AppUsersApi;
  readonly bots: BotsApi;
  readonly moderation: ModerationApi;
  /** Of every room; scope `events:read`. */
  readonly events: EventsApi;
  /** Scope `webhooks:write`. */
  readonly webhooks: WebhooksApi;
  /** Scope `webhooks:write`. */
  readonly hooks: HooksApi;
  readonly #options: RestOptions;
  readonly #limits = new RateLimitWait();
  readonly #admin: AdminApi;
  readonly baseUrl: string;

  constructor({ key, ...options }: ChatServerOptions) {
    this.#options = { ...options, token: key };
    const rest = this.#restWith({});
    this.baseUrl = rest.baseUrl;
    this.users = new AppUsersApi(rest);
    this.bots = new BotsApi(rest);
    this.moderation = new ModerationApi(rest);
    this.events = new EventsApi(rest);
    this.webhooks = new WebhooksApi(rest);
    this.hooks = new HooksApi(rest);
    this.#admin = new AdminApi(rest);
  }

  /**
   * Does as this person what follows; needs the scope `act_as`. Costs no request. The calls then
   * reject with `RESOURCE_NOT_FOUND` for an unknown person, with `AUTHORIZATION_ERROR` for an admin
   * and for who is banned or deactivated.
   * @throws ChatApiError VALIDATION_ERROR for an id that can't be one.
   */
  as(person: PersonName): ActingApi {
    return new ActingApi(this.#restWith({ 'X-Act-As': headerFor(person) }));
  }

  /**
   * Returns counts of users, rooms, messages, files and connections, at most 2 s old. Scope
   * `stats:read`.
   */
  stats(options?: CallOptions): Promise<Stats> {
    return this.#admin.stats(options);
  }

  #restWith(headers: Record<string, string>): Rest {
    return new Rest(this.#options, { headers, limits: this.#limits, shapes: SERVER_RESPONSE_SHAPES });
  }
}
