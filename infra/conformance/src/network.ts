// Owns: a network between a client and the door that can be cut and mended.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Network {
  url: string;
  /** Every connection is reset, and every new one, until it is mended. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function openNetwork(door: string): Promise<Network> {
  const { hostname, port } = new URL(door);
  const sockets = new Set<Socket>();
  let isOpen = true;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  const cut = (): void => {
    isOpen = false;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const server = createServer((inner) => {
    keep(inner);
    if (!isOpen) return void inner.resetAndDestroy();
    const outer = keep(connect(Number(port), hostname));
    inner.pipe(outer).pipe(inner);
    // A pipe ends its target at a clean end only.
    inner.on('close', () => outer.destroy());
    outer.on('close', () => inner.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    mend: () => {
      isOpen = true;
    },
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
