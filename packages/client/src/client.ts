// The client: the REST API and the connections that it opened.
import type { AdminApi } from './admin.ts';
import type { Report, ReportTarget } from './admin-models.ts';
import type { BotsApi } from './bots.ts';
import { ChatsApi } from './chats.ts';
import { ChatApiError } from './errors.ts';
import { FilesApi } from './files.ts';
import type { HooksApi } from './hooks.ts';
import type { IncomingWebhooksApi } from './incoming-webhooks.ts';
import { lazily } from './lazy.ts';
import { MessagesApi } from './messages.ts';
import type { Announcement, RateLimit } from './models.ts';
import { type Page, pageOf } from './pages.ts';
import { Realtime, type RealtimeOptions } from './realtime.ts';
import { type CallOptions, type Paging, Rest, type RestOptions } from './rest.ts';
import type { EventsApi } from './room-events.ts';
import { SignInApi } from './sign-in.ts';
import type { Tools } from './tools.ts';
import type { UsersApi } from './users.ts';
import type { WebhooksApi } from './webhooks.ts';

export interface ChatClientOptions extends RestOptions {
  /** Default: the global `WebSocket`. */
  webSocket?: typeof WebSocket;
}

export interface ReportInput {
  target_type: ReportTarget;
  target_id: string;
  reason: string;
}

export class WebSocketApi {
  /** Connections that are not closed. */
  readonly open = new Set<Realtime>();
  readonly #rest: Rest;
  readonly #webSocket: typeof WebSocket | undefined;

  constructor(rest: Rest, webSocket: typeof WebSocket | undefined) {
    this.#rest = rest;
    this.#webSocket = webSocket;
  }

  /**
   * Opens a connection in the background; see `Realtime.ready`. `userId`: the token's user;
   * default: whoever it is.
   * @throws ChatApiError on a platform without `WebSocket`, such as Node 20, if none was given.
   */
  connect(userId?: string, options: RealtimeOptions = {}): Realtime {
    const realtime = new Realtime(this.#rest, this.#webSocketClass(), userId, options);
    for (const other of this.open) if (other.state === 'closed') this.open.delete(other);
    this.open.add(realtime);
    return realtime;
  }

  #webSocketClass(): typeof WebSocket {
    const found = this.#webSocket ?? globalThis.WebSocket;
    if (typeof found === 'function') return found;
    const message = 'This platform has no WebSocket: pass one as `webSocket`, such as that of the package `ws`';
    throw new ChatApiError('VALIDATION_ERROR', message, { details: { fields: [{ path: 'webSocket', message }] } });
  }
}

/** REST API and realtime connections of one user. Every method rejects with `ChatApiError`. */
export class ChatClient {
  /** What is beyond signing in and profiles of others is loaded with its first call. */
  readonly users: UsersApi;
  readonly messages: MessagesApi;
  readonly chats: ChatsApi;
  readonly files: FilesApi;
  /** Its code is loaded with the first call. */
  readonly events: EventsApi;
  /** Its code is loaded with the first call. */
  readonly admin: AdminApi;
  /** The caller's bots; for admins, all. Its code is loaded with the first call. */
  readonly bots: BotsApi;
  /** For admins. Its code is loaded with the first call. */
  readonly webhooks: WebhooksApi;
  /** Its code too. */
  readonly incomingWebhooks: IncomingWebhooksApi;
  /** For admins. Its code is loaded with the first call. */
  readonly hooks: HooksApi;
  readonly websocket: WebSocketApi;
  readonly #rest: Rest;

  constructor(options: ChatClientOptions) {
    this.#rest = new Rest(options);
    const users = async (): Promise<UsersApi> => new (await import('./users.ts')).UsersApi(this.#rest);
    this.users = lazily(users, new SignInApi(this.#rest));
    this.messages = new MessagesApi(this.#rest);
    this.chats = new ChatsApi(this.#rest);
    this.files = new FilesApi(this.#rest);
    const tool = <Name extends keyof Tools>(name: Name): Tools[Name] =>
      lazily(async () => (await import('./tools.ts')).openTools(this.#rest)[name]);
    this.events = tool('events');
    this.admin = tool('admin');
    this.bots = tool('bots');
    this.webhooks = tool('webhooks');
    this.incomingWebhooks = tool('incomingWebhooks');
    this.hooks = tool('hooks');
    this.websocket = new WebSocketApi(this.#rest, options.webSocket);
  }

  /** The URL of the server, without a slash at its end. */
  get baseUrl(): string {
    return this.#rest.baseUrl;
  }

  /**
   * The current access token, renewed first if it is about to expire; undefined without one. For
   * requests that the app makes by itself.
   */
  token(): Promise<string | undefined> {
    return this.#rest.tokens.current();
  }

  /** Returns all rate limits with what is left of them. */
  async rateLimits(options?: CallOptions): Promise<RateLimit[]> {
    return (await this.#rest.call<{ limits: RateLimit[] }>('GET', '/rate-limits', options)).limits;
  }

  /** Reports a message, file or user to the moderators. */
  report(input: ReportInput, options?: CallOptions): Promise<Report> {
    return this.#rest.call('POST', '/reports', { ...options, body: input, safe: false });
  }

  /** Lists announcements of the admins, newest first. */
  async announcements(query: Paging = {}, options?: CallOptions): Promise<Page<Announcement>> {
    return pageOf('announcements', await this.#rest.call('GET', '/announcements', { ...options, query }));
  }

  /** Closes the client and its connections. */
  async close(): Promise<void> {
    await Promise.all([...this.websocket.open].map((realtime) => realtime.close()));
  }
}
