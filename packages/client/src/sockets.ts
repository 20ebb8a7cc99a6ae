// The socket of a connection: its own, or the one that the tabs of the session share. Where
// WebSocket is blocked, one over events and REST takes its place.
import { claimsOf } from './clock.ts';
import type { Frame } from './machine.ts';
import { now, tabPlatform } from './platform.ts';
import type { Rest } from './rest.ts';
import { type Open, openSocket, type Socket } from './socket.ts';
import type { SseSocket } from './sse-socket.ts';
import type { TabEvents, Tabs } from './tabs.ts';

/** Attempts without a socket, while the server answers, after which it counts as blocked. */
const ATTEMPTS = 2;
/** Then WebSocket is tried again, once. */
const BLOCKED_MS = 600_000;

export interface SocketsOptions extends TabEvents {
  rest: Rest;
  webSocket: typeof WebSocket;
  url: string;
  /** Whether tabs share it where the platform can. */
  shared: boolean;
  /** The user given by the app; `me`: the token's. */
  userId: string;
}

const eventSocket = (code: { SseSocket: typeof SseSocket }): typeof SseSocket => code.SseSocket;

export class Sockets {
  readonly #options: SocketsOptions;
  #tabs: Tabs | undefined;
  #isClosed = false;
  #failures = 0;
  #isBlocked = false;
  #retryAt = 0;
  /** undefined: by WebSocket. */
  #events: typeof SseSocket | undefined;

  constructor(options: SocketsOptions) {
    this.#options = options;
  }

  async open(token: string | undefined, received: (frame: Frame) => void): Promise<Socket> {
    // Without the code it stays as it is.
    this.#events = this.#mustStream() ? await import('./sse-socket.ts').then(eventSocket, () => undefined) : undefined;
    const tabs = this.#options.shared ? await this.#tabsOf(token) : undefined;
    return tabs === undefined ? this.#own(token, received) : tabs.open(token, received);
  }

  /** The server answers, but the socket did not open. */
  failed(): void {
    this.#failures++;
  }

  opened(): void {
    this.#failures = 0;
    this.#isBlocked = this.#events !== undefined;
    if (!this.#isBlocked) this.#retryAt = 0;
  }

  close(): void {
    this.#isClosed = true;
    this.#leave();
  }

  readonly #own: Open = (token, received) => {
    const { rest, webSocket, url } = this.#options;
    return this.#events === undefined
      ? openSocket(webSocket, url, token, received)
      : new this.#events(rest, token, received);
  };

  /** Whether the next socket is one over events: at first as a try, by rule once that worked. */
  #mustStream(): boolean {
    if (this.#isBlocked) {
      if (now() < this.#retryAt) return true;
      this.#retryAt = now() + BLOCKED_MS;
      return false;
    }
    const isTry = this.#failures >= ATTEMPTS;
    if (isTry) {
      this.#failures = 0;
      this.#retryAt = now() + BLOCKED_MS;
    }
    return isTry;
  }

  #leave(): void {
    this.#tabs?.close();
    this.#tabs = undefined;
  }

  /** By session, since its end closes the connection; undefined where nothing can be shared. */
  async #tabsOf(token: string | undefined): Promise<Tabs | undefined> {
    const { url, userId } = this.#options;
    const { sub, sid } = claimsOf(token);
    const mayShare = sub !== undefined && sid !== undefined && (userId === 'me' || userId === sub);
    const key = mayShare ? JSON.stringify([url.replace(/[^/]*$/, ''), sub, sid]) : undefined;
    if (this.#tabs?.key === key) return this.#tabs;
    this.#leave();
    const platform = key === undefined ? undefined : tabPlatform();
    if (platform === undefined) return undefined;
    try {
      const { Tabs } = await import('./tabs.ts');
      if (!this.#isClosed) this.#tabs = new Tabs(platform, key as string, this.#own, this.#options);
    } catch {
      // Sandboxed frames may not open channels; without a network the code cannot be loaded.
    }
    return this.#tabs;
  }
}
