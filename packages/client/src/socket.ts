// One WebSocket with the API of browsers.
import { isObject } from './errors.ts';
import type { Frame } from './machine.ts';

const OPEN_MS = 10_000;

/**
 * The connection ended or failed. Browsers hide the status of a refusal: `code` is then 1006 and
 * `opened` false.
 */
export interface Lost {
  code: number;
  reason: string;
  opened: boolean;
}

export interface Socket {
  send(text: string): void;
  /** Ends it as lost, even if the other side never confirms. */
  drop(reason: string): void;
  lost: Promise<Lost>;
}

/** Opens a connection; `received` gets each frame with its text. */
export type Open = (token: string | undefined, received: (frame: Frame, text: string) => void) => Socket;

export function openSocket(
  WebSocketClass: typeof WebSocket,
  url: string,
  token: string | undefined,
  received: (frame: Frame, text: string) => void,
): Socket {
  // A browser sends no header of ours with an upgrade, and an address is written into logs.
  const ws = new WebSocketClass(url, token === undefined ? [] : ['bearer', token]);
  let opened = false;
  let problem = '';
  let drop: Socket['drop'] = () => undefined;
  const lost = new Promise<Lost>((resolve) => {
    const end = (code: number, reason: string): void => {
      clearTimeout(late);
      ws.onmessage = null;
      resolve({ code, reason, opened });
    };
    drop = (reason) => {
      end(1006, reason);
      ws.close();
    };
    // Some proxies let the upgrade through, and nothing after it.
    const late = setTimeout(
      () => drop(opened ? 'nothing came after the upgrade' : 'no answer to the upgrade'),
      OPEN_MS,
    );
    ws.onopen = () => {
      opened = true;
    };
    // The package `ws` ends the process where nobody listens, and tells the status of a refusal.
    ws.onerror = (event) => {
      problem = 'message' in event ? String(event.message) : '';
    };
    ws.onclose = ({ code, reason }) => end(code, reason || problem);
    ws.onmessage = ({ data }) => {
      clearTimeout(late);
      try {
        const text = String(data);
        const frame: unknown = JSON.parse(text);
        if (isObject(frame)) received(frame, text);
      } catch (error) {
        // Thrown from here it would end the app's process.
        drop(`a frame that cannot be read: ${error}`);
      }
    };
  });
  return {
    send: (text) => {
      // What is given to a socket that ends is sent again on the next one.
      if (ws.readyState === ws.OPEN) ws.send(text);
    },
    drop,
    lost,
  };
}
