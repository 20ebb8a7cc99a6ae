// Fake fetch and WebSocket for tests, given to the client in its options.
import { type ChatApiError, ChatClient, type ChatClientOptions } from '../src/index.ts';

export interface Asked {
  method: string;
  path: string;
  token: string | null;
  body: any;
}

/** @param say the response to each request: status, body, headers. */
export function answering(say: (asked: Asked) => [number, unknown?, Record<string, string>?] | Error) {
  const asked: Asked[] = [];
  const answer = async (url: unknown, init: RequestInit = {}): Promise<Response> => {
    const { pathname, search } = new URL(String(url));
    const headers = new Headers(init.headers);
    asked.push({
      method: init.method ?? 'GET',
      path: decodeURIComponent(pathname + search),
      token: headers.get('authorization')?.replace('Bearer ', '') ?? null,
      body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
    });
    const said = say(asked.at(-1) as Asked);
    if (said instanceof Error) throw said;
    const [status, body, more] = said;
    return new Response(body === undefined ? null : JSON.stringify(body), { status, headers: more });
  };
  return { asked, fetch: answer as typeof fetch };
}

export class FakeSocket {
  static readonly all: FakeSocket[] = [];
  readonly OPEN = 1;
  readyState = 0;
  readonly sent: any[] = [];
  readonly url: string;
  readonly protocols: string[];
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;

  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.protocols = protocols;
    FakeSocket.all.push(this);
  }

  static get last(): FakeSocket {
    return FakeSocket.all.at(-1) as FakeSocket;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  cut(code = 1006, reason = ''): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  close(): void {
    this.readyState = 2;
  }
}

const clients: ChatClient[] = [];

export function clientOf(options: Partial<ChatClientOptions>): ChatClient {
  const client = new ChatClient({
    baseUrl: 'http://nowhere/',
    webSocket: FakeSocket as unknown as typeof WebSocket,
    logger: { error: () => undefined },
    ...options,
  });
  clients.push(client);
  return client;
}

// Outside of any suite, this is after each test. A client that a test left would connect again
// during a later one, whose last socket would then be another client's.
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

export async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 9000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 1)))
    if (condition()) return;
  throw new Error('timed out');
}

/** The error of a call; undefined if it was answered. */
export const caught = (call: Promise<unknown>): Promise<ChatApiError> =>
  call.then(
    () => undefined,
    (error) => error,
  ) as never;
