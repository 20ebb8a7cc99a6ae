// The socket of a connection: its own, or the one that the tabs of the session share.
import { claimsOf } from './clock.ts';
import type { Frame } from './machine.ts';
import { tabPlatform } from './platform.ts';
import { type Open, openSocket, type Socket } from './socket.ts';
import type { TabEvents, Tabs } from './tabs.ts';

export interface SocketsOptions extends TabEvents {
  webSocket: typeof WebSocket;
  url: string;
  /** Whether tabs share it where the platform can. */
  shared: boolean;
  /** The user given by the app; `me`: the token's. */
  userId: string;
}

export class Sockets {
  readonly #options: SocketsOptions;
  #tabs: Tabs | undefined;
  #isClosed = false;

  constructor(options: SocketsOptions) {
    this.#options = options;
  }

  async open(token: string | undefined, received: (frame: Frame) => void): Promise<Socket> {
    const tabs = this.#options.shared ? await this.#tabsOf(token) : undefined;
    return tabs === undefined ? this.#own(token, received) : tabs.open(token, received);
  }

  close(): void {
    this.#isClosed = true;
    this.#leave();
  }

  readonly #own: Open = (token, received) => openSocket(this.#options.webSocket, this.#options.url, token, received);

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
