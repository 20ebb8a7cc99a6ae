// A TCP balancer that does not know which gateways are stopping.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

const attempt = (url: string): Promise<Socket | undefined> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => resolve(socket)).on('error', () => resolve(undefined));
  });

export interface Balancer {
  url: string;
  stop(): void;
}

/** Connections go to the addresses in turn, and to the next one when one refuses. */
export async function startBalancer(urls: string[]): Promise<Balancer> {
  let turn = 0;
  const server = createServer({ pauseOnConnect: true }, (client) => {
    const order = urls.map((_, i) => urls[(turn + i) % urls.length] as string);
    turn++;
    client.on('error', () => undefined);
    void (async () => {
      for (const url of order) {
        const upstream = await attempt(url);
        if (upstream === undefined) continue;
        client.once('close', () => upstream.destroy());
        upstream.once('close', () => client.destroySoon());
        client.pipe(upstream).pipe(client);
        return;
      }
      client.destroy();
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => void server.close() };
}
