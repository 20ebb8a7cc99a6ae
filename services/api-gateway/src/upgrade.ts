// Owns: WebSockets on their way to a realtime node: the handshake is passed on, then bytes both ways, unread.
// Guarantee: nothing of the client goes to a node before the node has said 101, so a refused upgrade is no way in.
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, errorResponse, IDENTITY_HEADER, requestIdFrom, sealIdentity, unavailable } from '@chatapi/kit';
import type { Origin } from './address.ts';
import type { Context } from './context.ts';
import { dialFirst } from './instances.ts';
import { isSocketPath } from './paths.ts';

const ANSWER_MS = 5000;
const DRAIN_MS = 2000;
const MAX_URL = 8 * 1024;
const PASSED = [
  'authorization',
  'origin',
  'user-agent',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-protocol',
  'sec-websocket-extensions',
] as const;

const isWebSocket = ({ headers }: IncomingMessage): boolean =>
  /(?:^|,)\s*websocket\s*(?:,|$)/i.test(headers.upgrade ?? '');

function check(ctx: Context, req: IncomingMessage): void {
  const url = req.url as string;
  if (url.length > MAX_URL) throw new AppError('VALIDATION_ERROR', 'The URL is too long', { status: 414 });
  const fits = req.method === 'GET' && req.headers.host !== undefined && isSocketPath(url.split('?', 1)[0] as string);
  if (!fits) throw new AppError('VALIDATION_ERROR', 'Only /ws/{user_id} takes an upgrade');
  ctx.load.check();
}

function handshake(ctx: Context, req: IncomingMessage, { ip, secure, host }: Origin, requestId: string): string {
  const user_agent = (req.headers['user-agent'] ?? '').slice(0, 256);
  const lines = [
    `GET ${req.url} HTTP/1.1`,
    `Host: ${req.headers.host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `X-Request-Id: ${requestId}`,
    `X-Forwarded-For: ${ip}`,
    `X-Forwarded-Proto: ${secure ? 'https' : 'http'}`,
    `X-Forwarded-Host: ${host.slice(0, 255)}`,
    `${IDENTITY_HEADER}: ${sealIdentity(ctx.key, { kind: 'anonymous', ip, user_agent })}`,
  ];
  for (const name of PASSED) if (req.headers[name] !== undefined) lines.push(`${name}: ${req.headers[name]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Either side gone takes the other with it. */
function tie(client: Socket, node: Socket): void {
  for (const [one, other] of [
    [client, node],
    [node, client],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroySoon());
  }
}

/** @returns the node's first bytes: its answer's head, or the start of it. */
const firstBytes = (node: Socket): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error('the node did not answer'));
    const timer = setTimeout(gone, ANSWER_MS);
    node.once('close', gone).once('data', (bytes) => {
      clearTimeout(timer);
      node.off('close', gone);
      node.pause();
      resolve(bytes);
    });
    node.once('close', () => clearTimeout(timer));
  });

export function attachUpgrades(ctx: Context, server: Server, originOf: (req: IncomingMessage) => Origin): void {
  function passOn(client: Socket, node: Socket, head: Buffer): void {
    ctx.tunnels.add(client);
    ctx.counters.sockets.inc();
    client.once('close', () => {
      ctx.tunnels.delete(client);
      ctx.counters.sockets.dec();
    });
    client.setTimeout(0).setNoDelay(true).setKeepAlive(true, 60_000);
    if (head.length > 0) node.write(head);
    node.pipe(client).pipe(node);
  }

  async function connect(req: IncomingMessage, client: Socket, head: Buffer, requestId: string): Promise<void> {
    check(ctx, req);
    const group = ctx.groups.realtime;
    const { socket: node } = await dialFirst(group, group.next()).catch((error) => {
      throw unavailable('The realtime service', error);
    });
    node.on('error', () => node.destroy());
    client.once('close', () => node.destroy());
    if (client.destroyed) return void node.destroy();
    node.write(handshake(ctx, req, originOf(req), requestId), 'latin1');
    const answer = await firstBytes(node).catch((error) => {
      throw unavailable('The realtime service', error);
    });
    tie(client, node);
    client.write(answer);
    if (answer.subarray(0, 13).toString('latin1') === 'HTTP/1.1 101 ') passOn(client, node, head);
    else refusedByNode(client, node);
  }

  /** Its answer goes out as it is. One that keeps the connection open after it is cut. */
  function refusedByNode(client: Socket, node: Socket): void {
    node.pipe(client);
    setTimeout(() => client.destroy(), DRAIN_MS).unref();
  }

  function onUpgrade(req: IncomingMessage, client: Socket, head: Buffer): void {
    const requestId = requestIdFrom(req.headers['x-request-id']);
    client.on('error', () => client.destroy());
    connect(req, client, head, requestId).catch((thrown: unknown) => {
      const error = thrown instanceof AppError ? thrown : unavailable('The realtime service', thrown);
      ctx.log.debug({ err: String(error.cause ?? error.message), request_id: requestId }, 'upgrade refused');
      if (client.writable) client.end(errorResponse(error, requestId));
    });
  }

  // `Upgrade: h2c` and the like are ignored: the request is served as what it else is.
  Object.assign(server, { shouldUpgradeCallback: isWebSocket });
  server.on('upgrade', (req, socket, head) => onUpgrade(req, socket as Socket, head));
  server.on('connect', (_req, socket) => {
    const error = new AppError('METHOD_NOT_ALLOWED', 'CONNECT is not allowed', { headers: { Allow: 'GET, HEAD' } });
    socket.on('error', () => socket.destroy()).end(errorResponse(error, requestIdFrom(undefined)));
  });
}

/** Ends what is open, spread over two seconds, so that not all come back in one moment. */
export async function cutTunnels({ tunnels }: Pick<Context, 'tunnels'>): Promise<void> {
  const step = DRAIN_MS / Math.max(1, tunnels.size);
  await Promise.all([...tunnels].map((socket, i) => sleep(i * step).then(() => void socket.destroySoon())));
}
