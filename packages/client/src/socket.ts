// Owns: one WebSocket, as a browser has it. Does not own: when to open one, and what is said on it.
import { isObject } from './errors.ts';
import type { Frame } from './machine.ts';

const OPEN_MS = 10_000;

/** The connection ended, or never began. A browser tells no status of a refusal: then `code` is 1006 and `opened` false. */
export interface Lost {
  code: number;
  reason: string;
  opened: boolean;
}

export interface Socket {
  send(text: string): void;
  /** Ends it as lost, though the other side may never say so. */
  drop(reason: string): void;
  lost: Promise<Lost>;
}

export function openSocket(
  WebSocketClass: typeof WebSocket,
  url: string,
  token: string | undefined,
  received: (frame: Frame) => void,
): Socket {
  // A browser sends no header of ours with an upgrade, and an address is written into logs.
  const ws = new WebSocketClass(url, token === undefined ? [] : ['bearer', token]);
  let opened = false;
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
    const late = setTimeout(() => drop('no answer to the upgrade'), OPEN_MS);
    ws.onopen = () => {
      opened = true;
      clearTimeout(late);
    };
    ws.onclose = ({ code, reason }) => end(code, reason);
    ws.onmessage = ({ data }) => {
      try {
        const frame: unknown = JSON.parse(String(data));
        if (isObject(frame)) received(frame);
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
