// While the gateway stops it serves the connections that it has, each until its next response, and
// refuses new ones: clients and balancers go to another gateway.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '@chatapi/kit';
import type { Context } from './context.ts';

export const stopping = (): AppError =>
  new AppError('SERVICE_UNAVAILABLE', 'This gateway is stopping', {
    headers: { 'Retry-After': '1', Connection: 'close' },
  });

export interface StopCheck {
  attach(server: Server): void;
  /** @throws AppError SERVICE_UNAVAILABLE on a connection that was opened after the stop began. */
  check(req: IncomingMessage, res: ServerResponse): void;
}

export function createStopCheck(ctx: Context): StopCheck {
  const late = new WeakSet<Socket>();
  return {
    attach(server) {
      server.on('connection', (socket: Socket) => {
        if (ctx.draining) late.add(socket);
      });
    },
    check(req, res) {
      if (!ctx.draining) return;
      res.shouldKeepAlive = false;
      if (late.has(req.socket)) throw stopping();
    },
  };
}
