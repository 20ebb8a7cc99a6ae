// A TCP server that speaks clamd's INSTREAM: finds what holds the EICAR test's words, and refuses what is above its limit.

import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';

export interface Clamd {
  url: string;
  /** How many streams it judged. */
  judged(): number;
  /** Goes away, and comes back at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const FOUND = 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE';

/** The whole stream once its closing zero length has come. */
function streamOf(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    if (length === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return undefined;
}

export async function startClamd(limit = 30 * 1024 * 1024): Promise<Clamd> {
  let judged = 0;
  let port = 0;
  let server: Server;
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    const chunks: Buffer[] = [];
    let size = 0;
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > limit) {
        socket.end('INSTREAM size limit exceeded. ERROR\0');
        return;
      }
      const all = Buffer.concat(chunks);
      if (all.length < 10) return;
      if (all.subarray(0, 10).toString('latin1') !== 'zINSTREAM\0') {
        socket.end('UNKNOWN COMMAND\0');
        return;
      }
      const stream = streamOf(all.subarray(10));
      if (stream === undefined) return;
      judged++;
      socket.end(stream.includes(FOUND) ? 'stream: Eicar-Signature FOUND\0' : 'stream: OK\0');
    });
  };
  const start = async (): Promise<void> => {
    server = createServer(serve);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  };
  await start();
  return {
    url: `tcp://127.0.0.1:${port}`,
    judged: () => judged,
    start,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
