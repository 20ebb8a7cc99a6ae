// Owns: a network between a client and a door that a test can cut and mend.
import { createServer, connect as dial, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Network {
  /** Where the client finds the door. */
  url: string;
  /** Ends what is open, and refuses what comes. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function openNetwork(door: string): Promise<Network> {
  const { hostname, port } = new URL(door);
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((client) => {
    client.on('error', () => client.destroy());
    if (isCut) return void client.resetAndDestroy();
    const far = dial(Number(port), hostname);
    far.on('error', () => client.destroy());
    for (const [one, other] of [
      [client, far],
      [far, client],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as { port: number };
  const cut = (): void => {
    isCut = true;
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut,
    mend: () => {
      isCut = false;
    },
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
      await sleep(0);
    },
  };
}
