// A response that does not end, as a transport of a connection. Its bytes go to the socket itself,
// as those of a WebSocket do: the response bears no length and ends with its connection.
import type { Socket } from 'node:net';
import type { Transport } from '../state.ts';
import { COMMENT, ownEvent } from './sse-text.ts';

/** For what is unsent when the node ends a stream. */
const FLUSH_MS = 5000;
const OPEN = 1;
const CLOSED = 3;

export function createStreamTransport(socket: Socket): Transport {
  return {
    OPEN,
    get readyState() {
      return socket.writable ? OPEN : CLOSED;
    },
    // A client sends nothing on a stream.
    pause: () => undefined,
    resume: () => undefined,
    ping() {
      // What waits in the socket already shows that the node lives.
      if (socket.writable && socket.writableLength === 0) socket.write(COMMENT);
    },
    close(code, message) {
      if (socket.writable) socket.end(ownEvent('close', { code, message: String(message) }));
      setTimeout(() => socket.destroy(), FLUSH_MS).unref();
    },
    terminate: () => void socket.destroy(),
  };
}
