// The server side of RPC connections, on a service's internal listener.
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { SERVICES, type ServiceKeys } from '../auth/service-keys.ts';
import type { Identity } from '../auth/signed-identity.ts';
import { corkUntilNextTick } from '../cork.ts';
import { AppError, notFound, toAppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { identityOf } from '../route-access.ts';
import type { SecuritySink } from '../security-log.ts';
import { refuseUpgrade } from '../server.ts';
import { hasUnfinishedMessage, MAX_MESSAGE_MS } from '../unfinished-message.ts';
import { CAPABILITIES, CAPABILITIES_HEADER, capabilitiesOf, ENCLOSED_BODY, protocolFor } from './handshake.ts';
import { GOING_AWAY, RPC_PATH, responseText } from './rpc-connection.ts';

/**
 * @param what method, path and query, as in HTTP.
 * @param caller the service that opened the connection.
 * @returns the response value; `undefined` for 204.
 * @throws an error that toAppError maps.
 */
export type HandleRpc = (what: string, body: unknown, caller: Identity) => Promise<unknown>;

/** Maximum bytes of a call: all sends of a node in one turn, or the heads of all its rooms. */
const MAX_CALL_BYTES = 32 * 1024 * 1024;
/** Our clients send each call in one frame. */
const MAX_FRAGMENTS = 16;
/** Of the largest call, in the smallest usual TCP segments. */
const MAX_BUFFERED_CHUNKS = 64 * 1024;
const CHECK_MS = 1000;

export interface RpcServer {
  /**
   * Sends clients to other instances, lets calls in flight end and cuts connections after
   * `graceMs`.
   */
  close(graceMs: number): void;
}

/** Each call's route then names its callers. */
function admit(sink: SecuritySink, keys: ServiceKeys, req: IncomingMessage): Identity {
  if (req.url !== RPC_PATH) throw notFound('Route');
  const identity = identityOf(sink, keys, { who: SERVICES, method: 'get', path: RPC_PATH }, req);
  // The client falls back to HTTP.
  if (protocolFor(req.headers) === undefined)
    throw new AppError('VALIDATION_ERROR', 'No common protocol version', { status: 426 });
  return identity;
}

export function attachRpcServer(server: Server, keys: ServiceKeys, sink: SecuritySink, answer: HandleRpc): RpcServer {
  const { log } = sink;
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_CALL_BYTES,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_BUFFERED_CHUNKS,
    handleProtocols: (_offered, { headers }) => protocolFor(headers) ?? false,
  });
  sockets.on('headers', (lines) => void lines.push(`${CAPABILITIES_HEADER}: ${CAPABILITIES.join(', ')}`));
  /** Since when a call of this connection is incomplete, by `performance.now()`; 0: none. */
  const open = new Map<WebSocket, number>();
  const check = setInterval(() => {
    const now = performance.now();
    for (const [ws, since] of open) {
      if (!hasUnfinishedMessage(ws)) open.set(ws, 0);
      else if (since === 0) open.set(ws, now);
      else if (now - since > MAX_MESSAGE_MS) ws.terminate();
    }
  }, CHECK_MS).unref();

  async function outcome(what: string, body: unknown, caller: Identity): Promise<[number, unknown]> {
    try {
      const value = await answer(what, body, caller);
      return value === undefined ? [204, undefined] : [200, value];
    } catch (thrown) {
      const { code, message, details, status, cause } = toAppError(thrown);
      if (code === 'INTERNAL_ERROR') log.error({ err: cause, call: what.split('?', 1)[0] }, 'call failed');
      return [status, { code, message, details }];
    }
  }

  interface Peer {
    caller: Identity;
    readsRawBodies: boolean;
  }

  async function take(ws: WebSocket, socket: Duplex, text: string, peer: Peer): Promise<void> {
    const [id, what, body] = JSON.parse(text) as [number, string, unknown];
    const [status, value] = await outcome(what, body, peer.caller);
    corkUntilNextTick(socket);
    ws.send(responseText(id, status, value, peer.readsRawBodies));
  }

  function enter(ws: WebSocket, socket: Duplex, peer: Peer): void {
    open.set(ws, 0);
    ws.on('close', () => open.delete(ws))
      .on('error', () => undefined)
      .on('message', (data) => {
        open.set(ws, 0);
        void take(ws, socket, data.toString(), peer).catch(() => ws.terminate());
      });
  }

  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    let caller: Identity;
    try {
      caller = admit(sink, keys, req);
    } catch (thrown) {
      refuseUpgrade(socket, toAppError(thrown), newId('req'));
      return;
    }
    const peer = { caller, readsRawBodies: capabilitiesOf(req.headers).has(ENCLOSED_BODY) };
    sockets.handleUpgrade(req, socket, head, (ws) => enter(ws, socket, peer));
  });

  return {
    close(graceMs) {
      clearInterval(check);
      for (const ws of open.keys()) ws.send(JSON.stringify([GOING_AWAY]));
      setTimeout(() => {
        for (const ws of open.keys()) ws.terminate();
      }, graceMs).unref();
    },
  };
}
