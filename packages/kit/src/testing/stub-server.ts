// HTTP servers of a test's own, on a free port of the loopback interface.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StubServer {
  url: string;
  server: Server;
  /** Ends its connections too. */
  stop(): Promise<void>;
}

export async function startStubServer(handler: RequestListener): Promise<StubServer> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Nobody listens there: the port of a server that was closed may be given to the next one. */
export const DEAD_URL = 'http://127.0.0.1:1';
