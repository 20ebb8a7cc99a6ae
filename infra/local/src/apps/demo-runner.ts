// Kills realtime nodes for the button of the demo. It listens on the loopback only, and believes
// nobody who lacks its token or comes from another page: see ADR 0104.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Cluster } from '../cluster.ts';

export interface DemoRunner {
  /** With the token as its user name: for the gateways. */
  url: string;
  /** Before, every request is refused. */
  serve(cluster: Pick<Cluster, 'instances' | 'kill'>): void;
  close(): Promise<void>;
}

const HOSTS = ['localhost', '127.0.0.1', '[::1]'];
const KILL = /^\/nodes\/([a-z0-9-]{1,64})\/kill$/;
/** Other headers would not pass a preflight. */
const CORS = {
  'Access-Control-Allow-Methods': 'POST',
  'Access-Control-Allow-Headers': 'Authorization',
  'Access-Control-Allow-Private-Network': 'true',
  Vary: 'Origin',
};

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Of digests: texts of one length may have different numbers of bytes. */
const same = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));

interface Guard {
  port: number;
  token: string;
  cluster: Pick<Cluster, 'instances' | 'kill'> | undefined;
}

/** Pages of the gateways. */
const isOurPage = ({ cluster }: Guard, origin: string | undefined): boolean =>
  cluster?.instances.some(
    ({ dir, port }) => dir === 'api-gateway' && HOSTS.some((host) => origin === `http://${host}:${port}`),
  ) ?? false;

/** A name that somebody made to lead here would be another `Host`. */
const isOurName = ({ port }: Guard, host: string | undefined): boolean =>
  HOSTS.some((name) => host === `${name}:${port}`);

/** @returns the status of the response. */
function answer(guard: Guard, { method, url = '', headers }: IncomingMessage): number {
  if (!isOurName(guard, headers.host) || !isOurPage(guard, headers.origin)) return 403;
  if (method === 'OPTIONS') return 204;
  if (!same(headers.authorization ?? '', `Bearer ${guard.token}`)) return 401;
  const name = method === 'POST' ? KILL.exec(url)?.[1] : undefined;
  const node = guard.cluster?.instances.find((one) => one.dir === 'realtime-gateway' && one.name === name);
  if (node === undefined) return 404;
  guard.cluster?.kill(node.name);
  return 204;
}

export async function openDemoRunner(): Promise<DemoRunner> {
  const guard: Guard = { port: 0, token: randomBytes(32).toString('base64url'), cluster: undefined };
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    const { origin } = req.headers;
    const status = answer(guard, req);
    if (status !== 403) for (const [name, value] of Object.entries(CORS)) res.setHeader(name, value);
    if (status !== 403 && origin !== undefined) res.setHeader('Access-Control-Allow-Origin', origin);
    res.writeHead(status).end();
    req.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  guard.port = (server.address() as AddressInfo).port;
  return {
    url: `http://${guard.token}@127.0.0.1:${guard.port}`,
    serve: (cluster) => {
      guard.cluster = cluster;
    },
    async close() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
