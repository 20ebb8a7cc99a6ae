// A WebSocket client for tests. It stores all frames in order, and tests wait for them by type.
import WebSocket from 'ws';
import type { Account, Json } from './client.ts';
import { nodes } from './cluster.ts';
import { checkError, checkFrame } from './documents.ts';

type Match = (frame: Json) => boolean;

export interface Live {
  ws: WebSocket;
  hello: Json;
  /** All frames, in order of arrival. */
  frames: Json[];
  send(frame: object | string | Buffer): void;
  /** The first matching frame of this type that no earlier call has taken. */
  next(type: string, match?: Match, ms?: number): Promise<Json>;
  /**
   * Fails when such a frame arrives within the time, or has arrived and was not taken. Fails too
   * when the connection does not answer a ping afterwards.
   */
  never(type: string, ms: number, match?: Match): Promise<void>;
  closed: Promise<{ code: number; reason: string }>;
  close(): Promise<void>;
}

const open: WebSocket[] = [];
const always: Match = () => true;
const WAIT_MS = 20_000;

export const wsUrl = (url: string, token: string, id = 'me'): string =>
  `${url.replace(/^http/, 'ws')}/ws/${id}?token=${encodeURIComponent(token)}`;

function inbox(ws: WebSocket): Pick<Live, 'frames' | 'next' | 'never'> {
  const frames: Json[] = [];
  const untaken: Json[] = [];
  const waiters = new Set<() => void>();
  ws.on('message', (data, isBinary) => {
    const frame = isBinary ? { type: 'binary' } : JSON.parse(String(data));
    frames.push(frame);
    untaken.push(frame);
    for (const wake of waiters) wake();
    // Thrown outside of the handler: the test fails, and the connection stays open.
    try {
      checkFrame(frame);
    } catch (error) {
      setImmediate(() => {
        throw error;
      });
    }
  });
  const take = (type: string, match: Match): Json => {
    const at = untaken.findIndex((frame) => frame.type === type && match(frame));
    return at < 0 ? undefined : untaken.splice(at, 1)[0];
  };
  const next = (type: string, match: Match = always, ms = WAIT_MS): Promise<Json> =>
    new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        waiters.delete(wake);
        settle();
      };
      const wake = (): void => {
        const found = take(type, match);
        if (found !== undefined) end(() => resolve(found));
      };
      const late = new Error(`no frame "${type}"`);
      const timer = setTimeout(() => {
        late.message += ` within ${ms} ms; untaken: ${JSON.stringify(untaken).slice(0, 600)}`;
        end(() => reject(late));
      }, ms);
      waiters.add(wake);
      wake();
    });
  const never = async (type: string, ms: number, match: Match = always): Promise<void> => {
    const unexpected = (frame: Json): void => {
      if (frame !== undefined) throw new Error(`unexpected frame: ${JSON.stringify(frame)}`);
    };
    unexpected(await next(type, match, ms).catch(() => undefined));
    // Silence proves nothing on a dead connection.
    ws.send('{"type":"ping"}');
    await next('pong');
    unexpected(take(type, match));
  };
  return { frames, next, never };
}

/** Connects as the account to a node (default: the first) and waits for `hello`. */
export async function connect(account: Account, url: string = nodes()[0], id = 'me'): Promise<Live> {
  const ws = new WebSocket(wsUrl(url, account.token, id));
  open.push(ws);
  const box = inbox(ws);
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    ws.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
  await new Promise<void>((resolve, reject) => {
    ws.once('open', resolve);
    ws.on('error', reject);
  });
  const hello = await box.next('hello');
  return {
    ws,
    hello,
    ...box,
    closed,
    send: (frame) => ws.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame)),
    close: async () => {
      ws.close();
      await closed;
    },
  };
}

export interface Refusal {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Json;
}

/** @returns how the upgrade was refused; rejects if it was accepted. */
export function refusedUpgrade(
  url: string,
  headers: Record<string, string> = {},
  protocols?: string[],
): Promise<Refusal> {
  const ws = new WebSocket(url, protocols ?? [], { headers });
  return new Promise((resolve, reject) => {
    ws.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => {
        const refusal = { status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) };
        try {
          checkError({ ...refusal, type: response.headers['content-type'] });
          resolve(refusal);
        } catch (error) {
          reject(error);
        }
      });
    });
    ws.on('open', () => reject(new Error('the upgrade was accepted')));
    ws.on('error', reject);
  });
}

/** For `afterEach`: closes all connections of the test. */
export function closeAll(): void {
  for (const ws of open.splice(0)) ws.terminate();
}
