// Receivers of webhooks, on loopback.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Receiver {
  url: string;
  stop(): void;
}

/** One request: what it tells, when it arrived (ms), and the id of its event. */
export interface Received {
  id: string;
  data: { chat_id: string; seq: number; created_at: string };
  at: number;
}

async function listening(server: Server): Promise<Receiver> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Answers 204. The path of the URL tells webhooks of the same receiver apart. */
export const startReceiver = (receive: (path: string, one: Received) => void): Promise<Receiver> =>
  listening(
    createServer(async (req, res) => {
      const at = Date.now();
      const { data } = JSON.parse(await text(req)) as Pick<Received, 'data'>;
      receive(req.url as string, { id: String(req.headers['webhook-id']), data, at });
      res.writeHead(204).end();
    }),
  );

/** Never answers. */
export const startHanging = (): Promise<Receiver> => listening(createServer(() => undefined));
