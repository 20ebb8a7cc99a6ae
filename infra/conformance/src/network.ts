// A proxy between a client and the gateway that can be cut, turned into a captive portal, block
// WebSockets, and be restored.
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What something else than the server answers to every request. */
export interface Page {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

interface Captured {
  method: string;
  path: string;
  authorization: string | undefined;
}

export interface Network {
  url: string;
  /** Resets all connections and all new ones until `mend`. */
  cut(): void;
  /** Resets all connections and answers all requests with the page until `mend`. */
  capture(page: Page): void;
  /** Resets all connections, and refuses upgrades from then on, also after `mend`. */
  block(): void;
  /** What was answered with a page. */
  captured: Captured[];
  mend(): void;
  close(): Promise<void>;
}

/** Answers requests and upgrades alike. */
function openPortal(pageNow: () => Page, captured: Captured[]) {
  const portal = createHttpServer({ keepAlive: false }, (req, res) => {
    const { status, headers = {}, body = '' } = pageNow();
    captured.push({ method: req.method ?? '', path: req.url ?? '', authorization: req.headers.authorization });
    req.resume().on('end', () => res.writeHead(status, { ...headers, Connection: 'close' }).end(body));
  });
  portal.on('upgrade', (req, socket) => {
    const { status } = pageNow();
    captured.push({ method: 'UPGRADE', path: req.url ?? '', authorization: req.headers.authorization });
    socket
      .on('error', () => undefined)
      .end(`HTTP/1.1 ${status} Said\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  return portal;
}

const BLOCKED = 'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const listening = (server: Server): Promise<void> =>
  new Promise((resolve) => void server.listen(0, '127.0.0.1', resolve));
const closed = (server: Server): Promise<void> => new Promise((resolve) => void server.close(() => resolve()));

export async function openNetwork(gateway: string): Promise<Network> {
  const { hostname, port } = new URL(gateway);
  const sockets = new Set<Socket>();
  const captured: Captured[] = [];
  let isOpen = true;
  let page: Page | undefined;
  let isBlocked = false;
  const portal = openPortal(() => page ?? { status: 503 }, captured);
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  const reset = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const join = (inner: Socket, to: Socket): void => {
    const outer = keep(to);
    inner.pipe(outer).pipe(inner);
    // A pipe ends its target only after a clean end.
    inner.on('close', () => outer.destroy());
    outer.on('close', () => inner.destroy());
  };
  const toGateway = (): Socket => connect(Number(port), hostname);
  /** Clients use a connection of their own for an upgrade. */
  const joinUnlessUpgrade = (inner: Socket): void =>
    void inner.once('data', (head) => {
      if (/^GET \/ws\//.test(head.toString('latin1'))) return void inner.end(BLOCKED);
      inner.pause().unshift(head);
      join(inner, toGateway());
    });
  const server = createServer((inner) => {
    keep(inner);
    if (page !== undefined) join(inner, connect(portOf(portal), '127.0.0.1'));
    else if (!isOpen) inner.resetAndDestroy();
    else if (isBlocked) joinUnlessUpgrade(inner);
    else join(inner, toGateway());
  });
  await Promise.all([listening(server), listening(portal)]);
  const cut = (): void => {
    isOpen = false;
    reset();
  };
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    captured,
    cut,
    block: () => {
      isBlocked = true;
      reset();
    },
    capture: (next) => {
      page = next;
      reset();
    },
    mend: () => {
      // Connections of the portal may be kept alive.
      if (page !== undefined) reset();
      page = undefined;
      isOpen = true;
    },
    async close() {
      cut();
      await Promise.all([closed(server), closed(portal)]);
    },
  };
}
