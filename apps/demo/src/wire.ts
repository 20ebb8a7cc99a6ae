// The network of one person: its sockets and requests can be cut, and what passes is shown. The SDK
// gets it as `webSocket` and `fetch`, and knows nothing of it.
import { Value } from '@chatapi/page/value';

interface Resumed {
  rooms: number;
  /** Replayed, over all rooms. */
  events: number;
  ms: number;
}

export interface WireView {
  isCut: boolean;
  /** That greeted last. */
  node?: string;
  /** The last resume after a lost connection. */
  resumed?: Resumed;
}

type Frame = Record<string, unknown>;

const parsed = (data: unknown): Frame => {
  try {
    const frame: unknown = JSON.parse(String(data));
    return typeof frame === 'object' && frame !== null ? (frame as Frame) : {};
  } catch {
    return {};
  }
};

/** A socket of a cut network: it ends before it opens. */
class DeadSocket {
  readonly OPEN = 1;
  readonly readyState = 3;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  constructor() {
    setTimeout(() => this.onclose?.({ code: 1006, reason: '' }));
  }

  send(): void {}
  close(): void {}
}

export class Wire {
  readonly view = new Value<WireView>({ isCut: false });
  readonly webSocket: typeof WebSocket;
  readonly #open = new Set<WebSocket>();
  #askedAt = 0;
  #greetings = 0;

  /** @param node the one to ask for; undefined: any. */
  constructor(node?: number) {
    const open = (url: string | URL, protocols?: string | string[]): unknown => this.#connect(url, node, protocols);
    // A constructor may return another object.
    this.webSocket = function Socket(url: string | URL, protocols?: string | string[]) {
      return open(url, protocols);
    } as unknown as typeof WebSocket;
  }

  readonly fetch: typeof fetch = (...call) =>
    this.view.get().isCut ? Promise.reject(new TypeError('The connection is cut')) : fetch(...call);

  /** As if somebody had pulled the cable. */
  cut(): void {
    this.#change({ isCut: true });
    for (const socket of this.#open) {
      const { onclose } = socket;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
      onclose?.call(socket, new CloseEvent('close', { code: 1006 }));
    }
    this.#open.clear();
  }

  mend(): void {
    this.#change({ isCut: false });
    // As browsers tell it: the SDK tries at once.
    dispatchEvent(new Event('online'));
  }

  #connect(url: string | URL, node: number | undefined, protocols?: string | string[]): unknown {
    if (this.view.get().isCut) return new DeadSocket();
    const to = new URL(url);
    if (node !== undefined) to.searchParams.set('node', String(node));
    const socket = new WebSocket(to, protocols);
    this.#open.add(socket);
    const { send } = socket;
    socket.send = (data) => {
      if (parsed(data).type === 'resume') this.#askedAt = performance.now();
      send.call(socket, data);
    };
    socket.addEventListener('message', ({ data }) => this.#received(parsed(data)));
    socket.addEventListener('close', () => this.#open.delete(socket));
    return socket;
  }

  #received(frame: Frame): void {
    if (this.view.get().isCut) return;
    if (frame.type === 'hello') {
      this.#greetings++;
      this.#change({ node: String(frame.node) });
    }
    if (frame.type !== 'resumed' || this.#greetings < 2) return;
    const rooms = Object.values(frame.rooms as Record<string, { from: number; to: number }>);
    const events = rooms.reduce((sum, { from, to }) => sum + to - from, 0);
    this.#change({ resumed: { rooms: rooms.length, events, ms: Math.round(performance.now() - this.#askedAt) } });
  }

  #change(change: Partial<WireView>): void {
    this.view.set({ ...this.view.get(), ...change });
  }
}
