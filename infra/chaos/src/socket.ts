// A connection that reconnects to the next node after every loss, until it is stopped.
import WebSocket from 'ws';

export interface Handlers {
  /** Called after `hello` on a new connection. */
  live(send: (frame: object) => void): void;
  frame(frame: any): void;
  gone(): void;
}

export interface Returning {
  stop(): void;
  /** Drops the current connection, as a client does after a time-out. */
  cut(): void;
}

const AGAIN_MS = 150;
const HELLO_MS = 3000;
/** A connection without any frame for this long is dropped. */
const SILENT_MS = 4000;

export function keepConnected(urls: string[], token: string, first: number, handlers: Handlers): Returning {
  let ws: WebSocket | undefined;
  let stopped = false;
  let tries = first;

  function connect(): void {
    if (stopped) return;
    const url = (urls[tries++ % urls.length] as string).replace(/^http/, 'ws');
    const mine = new WebSocket(`${url}/ws/me?token=${token}`, { handshakeTimeout: HELLO_MS });
    ws = mine;
    let lastFrame = Date.now();
    const watch = setInterval(() => {
      if (Date.now() - lastFrame > SILENT_MS) mine.terminate();
      else if (mine.readyState === WebSocket.OPEN) mine.send('{"type":"ping"}');
    }, 1000);
    mine.on('error', () => undefined);
    mine.on('message', (data) => {
      lastFrame = Date.now();
      const frame = JSON.parse(String(data));
      if (frame.type === 'hello')
        handlers.live((out) => mine.readyState === WebSocket.OPEN && mine.send(JSON.stringify(out)));
      else handlers.frame(frame);
    });
    mine.on('close', () => {
      clearInterval(watch);
      handlers.gone();
      setTimeout(connect, AGAIN_MS);
    });
  }

  connect();
  return {
    stop: () => {
      stopped = true;
      ws?.terminate();
    },
    cut: () => ws?.terminate(),
  };
}
