// Owns: the answering end of call-socket.ts on a service's second listener: who may come in, and how it ends without losing an answer.
import type { KeyObject } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { answerText, CALLS_PATH, LAST } from './call-socket.ts';
import { AppError, notFound, toAppError } from './errors.ts';
import { IDENTITY_HEADER, openIdentity } from './identity.ts';
import { newId } from './ids.ts';
import type { Log } from './log.ts';
import { errorResponse } from './server.ts';
import { together } from './together.ts';

/** @param what method, path and query, as in HTTP. @returns the answer's value; `undefined` for none. @throws what becomes an AppError. */
export type AnswerCall = (what: string, body: unknown) => Promise<unknown>;

/** Bytes of the largest call: a node's sends of one turn, heads of all its rooms. */
const MOST_BYTES = 32 * 1024 * 1024;

export interface CallDoor {
  /** Callers go elsewhere; what is under way is answered, and cut after `graceMs`. */
  close(graceMs: number): void;
}

function admit(key: KeyObject, req: IncomingMessage): void {
  if (req.url !== CALLS_PATH) throw notFound('Route');
  const identity = openIdentity(key, req.headers[IDENTITY_HEADER]);
  if (identity.kind !== 'service') throw new AppError('AUTHORIZATION_ERROR', 'For services only');
}

export function openCallDoor(server: Server, key: KeyObject, log: Log, answer: AnswerCall): CallDoor {
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MOST_BYTES,
  });
  const open = new Set<WebSocket>();

  async function outcome(what: string, body: unknown): Promise<[number, unknown]> {
    try {
      const value = await answer(what, body);
      return value === undefined ? [204, undefined] : [200, value];
    } catch (thrown) {
      const { code, message, details, status, cause } = toAppError(thrown);
      if (code === 'INTERNAL_ERROR') log.error({ err: cause, call: what.split('?', 1)[0] }, 'call failed');
      return [status, { code, message, details }];
    }
  }

  async function take(ws: WebSocket, socket: Duplex, text: string): Promise<void> {
    const [id, what, body] = JSON.parse(text) as [number, string, unknown];
    const [status, value] = await outcome(what, body);
    together(socket);
    ws.send(answerText(id, status, value));
  }

  function enter(ws: WebSocket, socket: Duplex): void {
    open.add(ws);
    ws.on('close', () => open.delete(ws))
      .on('error', () => undefined)
      .on('message', (data) => void take(ws, socket, data.toString()).catch(() => ws.terminate()));
  }

  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    try {
      admit(key, req);
    } catch (thrown) {
      socket.end(errorResponse(toAppError(thrown), newId('req')));
      return;
    }
    sockets.handleUpgrade(req, socket, head, (ws) => enter(ws, socket));
  });

  return {
    close(graceMs) {
      for (const ws of open) ws.send(JSON.stringify([LAST]));
      setTimeout(() => {
        for (const ws of open) ws.terminate();
      }, graceMs).unref();
    },
  };
}
