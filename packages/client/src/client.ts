// Owns: the client as an app makes it: one REST under everything, and the connections that it opened.
import { AdminApi } from './admin.ts';
import type { Report, ReportTarget } from './admin-models.ts';
import { ChatsApi } from './chats.ts';
import { FilesApi } from './files.ts';
import { MessagesApi } from './messages.ts';
import type { Announcement, RateLimit } from './models.ts';
import { type Page, pageOf } from './pages.ts';
import { Realtime, type RealtimeOptions } from './realtime.ts';
import { type CallOptions, type Paging, Rest, type RestOptions } from './rest.ts';
import { UsersApi } from './users.ts';

export interface ChatClientOptions extends RestOptions {
  /** Default: the platform's. */
  webSocket?: typeof WebSocket;
}

export interface ReportInput {
  target_type: ReportTarget;
  target_id: string;
  reason: string;
}

export class WebSocketApi {
  /** Those that are not closed. */
  readonly open = new Set<Realtime>();
  readonly #rest: Rest;
  readonly #webSocket: typeof WebSocket | undefined;

  constructor(rest: Rest, webSocket: typeof WebSocket | undefined) {
    this.#rest = rest;
    this.#webSocket = webSocket;
  }

  /** Begins a connection and goes on at once; see `Realtime.ready`. `userId`: the token's own user; default: whoever it is. */
  connect(userId?: string, options: RealtimeOptions = {}): Realtime {
    const realtime = new Realtime(this.#rest, this.#webSocket ?? WebSocket, userId, options);
    for (const other of this.open) if (other.state === 'closed') this.open.delete(other);
    this.open.add(realtime);
    return realtime;
  }
}

/** REST and realtime in the name of one user. Every method rejects with `ChatApiError`. */
export class ChatClient {
  readonly users: UsersApi;
  readonly messages: MessagesApi;
  readonly chats: ChatsApi;
  readonly files: FilesApi;
  readonly admin: AdminApi;
  readonly websocket: WebSocketApi;
  readonly #rest: Rest;

  constructor(options: ChatClientOptions) {
    this.#rest = new Rest(options);
    this.users = new UsersApi(this.#rest);
    this.messages = new MessagesApi(this.#rest);
    this.chats = new ChatsApi(this.#rest);
    this.files = new FilesApi(this.#rest);
    this.admin = new AdminApi(this.#rest);
    this.websocket = new WebSocketApi(this.#rest, options.webSocket);
  }

  /** Every limit, and what is left of it. */
  async rateLimits(options?: CallOptions): Promise<RateLimit[]> {
    return (await this.#rest.call<{ limits: RateLimit[] }>('GET', '/rate-limits', options)).limits;
  }

  /** To those who moderate. */
  report(input: ReportInput, options?: CallOptions): Promise<Report> {
    return this.#rest.call('POST', '/reports', { ...options, body: input, safe: false });
  }

  /** Of the installation's admins, newest first. */
  async announcements(query: Paging = {}, options?: CallOptions): Promise<Page<Announcement>> {
    return pageOf('announcements', await this.#rest.call('GET', '/announcements', { ...options, query }));
  }

  /** Ends its connections too. */
  async close(): Promise<void> {
    await Promise.all([...this.websocket.open].map((realtime) => realtime.close()));
  }
}
