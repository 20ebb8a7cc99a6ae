// Proxies WebSockets to the realtime nodes: the handshake, then bytes in both directions. No byte
// of the client reaches a node before its 101, so a refused upgrade cannot smuggle requests.
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, isWebSocketUpgrade, refuseUpgrade, requestIdFrom, requireShortUrl, unavailable } from '@chatapi/kit';
import { identityHeaders } from '@chatapi/kit/auth';
import { mayChooseNode } from './app-pages/demo.ts';
import type { ClientAddress } from './client-address.ts';
import type { Context } from './context.ts';
import { isSocketPath } from './paths.ts';
import { stopping } from './stopping.ts';
import { connectToFirst, type Instance } from './upstreams.ts';

const HANDSHAKE_TIMEOUT_MS = 5000;
/** How long a node's refusal may take to reach the client. */
const REFUSAL_MS = 2000;
/** When the gateway stops: clients come back to another gateway at this rate at most. */
const MS_PER_TUNNEL = 2;
/** For what a tunnel still has to write to its client then. */
const FLUSH_MS = 1000;
const STEP_MS = 20;
const FORWARDED = [
  'authorization',
  'origin',
  'user-agent',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-protocol',
  'sec-websocket-extensions',
] as const;

function checkUpgrade(ctx: Context, req: IncomingMessage): void {
  const url = req.url as string;
  requireShortUrl(url);
  const valid = req.method === 'GET' && req.headers.host !== undefined && isSocketPath(url.split('?', 1)[0] as string);
  if (!valid) throw new AppError('VALIDATION_ERROR', 'Only /ws/{user_id} takes an upgrade');
  ctx.load.check();
  if (ctx.draining) throw stopping();
}

/** The node that a page of the demo asks for, where it may; else the next one in turn. */
function nodeFor({ config, upstreams: { realtime } }: Context, url: string): Instance {
  const wanted = mayChooseNode(config) ? /[?&]node=(\d{1,3})(?:&|$)/.exec(url)?.[1] : undefined;
  return (wanted === undefined ? undefined : realtime.at(Number(wanted) - 1)) ?? realtime.next();
}

function handshake(ctx: Context, req: IncomingMessage, { ip, secure, host }: ClientAddress, requestId: string): string {
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
  ];
  const identity = identityHeaders(ctx.keys, 'realtime-gateway', { kind: 'anonymous', ip, user_agent });
  for (const [name, value] of Object.entries(identity)) lines.push(`${name}: ${value}`);
  for (const name of FORWARDED) if (req.headers[name] !== undefined) lines.push(`${name}: ${req.headers[name]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Closes each socket when the other one closes. */
function closeTogether(client: Socket, node: Socket): void {
  for (const [one, other] of [
    [client, node],
    [node, client],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroySoon());
  }
}

/** @returns the node's first bytes: the response head, or the start of it. */
const firstBytes = (node: Socket): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const onClosed = (): void => reject(new Error('the node did not answer'));
    const timer = setTimeout(onClosed, HANDSHAKE_TIMEOUT_MS);
    node.once('close', onClosed).once('data', (bytes) => {
      clearTimeout(timer);
      node.off('close', onClosed);
      node.pause();
      resolve(bytes);
    });
    node.once('close', () => clearTimeout(timer));
  });

export function attachUpgrades(ctx: Context, server: Server, clientOf: (req: IncomingMessage) => ClientAddress): void {
  function openTunnel(client: Socket, node: Socket, head: Buffer): void {
    if (ctx.draining) return void client.destroy();
    ctx.tunnels.add(client);
    ctx.gatewayMetrics.sockets.inc();
    client.once('close', () => {
      ctx.tunnels.delete(client);
      ctx.gatewayMetrics.sockets.dec();
    });
    client.setTimeout(0).setNoDelay(true).setKeepAlive(true, 60_000);
    if (head.length > 0) node.write(head);
    node.pipe(client).pipe(node);
  }

  async function connect(req: IncomingMessage, client: Socket, head: Buffer, requestId: string): Promise<void> {
    checkUpgrade(ctx, req);
    const upstream = ctx.upstreams.realtime;
    const { socket: node } = await connectToFirst(upstream, nodeFor(ctx, req.url as string)).catch((error) => {
      throw unavailable('The realtime service', error);
    });
    node.on('error', () => node.destroy());
    client.once('close', () => node.destroy());
    if (client.destroyed) return void node.destroy();
    node.write(handshake(ctx, req, clientOf(req), requestId), 'latin1');
    const answer = await firstBytes(node).catch((error) => {
      throw unavailable('The realtime service', error);
    });
    closeTogether(client, node);
    client.write(answer);
    if (answer.subarray(0, 13).toString('latin1') === 'HTTP/1.1 101 ') openTunnel(client, node, head);
    else passRefusal(client, node);
  }

  /** Passes the node's refusal on and closes the connection, at the latest after REFUSAL_MS. */
  function passRefusal(client: Socket, node: Socket): void {
    node.pipe(client);
    setTimeout(() => client.destroy(), REFUSAL_MS).unref();
  }

  function onUpgrade(req: IncomingMessage, client: Socket, head: Buffer): void {
    const requestId = requestIdFrom(req.headers['x-request-id']);
    client.on('error', () => client.destroy());
    connect(req, client, head, requestId).catch((thrown: unknown) => {
      const error = thrown instanceof AppError ? thrown : unavailable('The realtime service', thrown);
      ctx.log.debug({ err: String(error.cause ?? error.message), request_id: requestId }, 'upgrade refused');
      refuseUpgrade(client, error, requestId);
    });
  }

  // Other upgrades (`h2c`) are ignored, and the request is served as a plain one.
  Object.assign(server, { shouldUpgradeCallback: isWebSocketUpgrade });
  server.on('upgrade', (req, socket, head) => onUpgrade(req, socket as Socket, head));
  server.on('connect', (_req, socket) => {
    const error = new AppError('METHOD_NOT_ALLOWED', 'CONNECT is not allowed', { headers: { Allow: 'GET, HEAD' } });
    refuseUpgrade(
      socket.on('error', () => socket.destroy()),
      error,
      requestIdFrom(undefined),
    );
  });
}

/**
 * Closes all tunnels, spread over DRAIN_MS at most so that clients do not reconnect all at once.
 * New ones are refused: a client that comes back to this gateway would only be cut again.
 */
export async function closeTunnels(ctx: Context): Promise<void> {
  ctx.draining = true;
  const { tunnels, config } = ctx;
  const all = [...tunnels];
  const steps = Math.max(1, Math.ceil(Math.min(config.DRAIN_MS, all.length * MS_PER_TUNNEL) / STEP_MS));
  const share = Math.ceil(all.length / steps);
  for (let i = 0; i < all.length; i += share) {
    for (const tunnel of all.slice(i, i + share)) tunnel.destroySoon();
    if (i + share < all.length) await sleep(STEP_MS);
  }
  for (const end = Date.now() + FLUSH_MS; tunnels.size > 0 && Date.now() < end; ) await sleep(STEP_MS);
  for (const tunnel of tunnels) tunnel.destroy();
}
