// Owns: what the main listener answers to anything but a WebSocket.
import type { RequestListener } from 'node:http';
import { AppError, type Log, openApp } from '@chatapi/kit';
import { isSocketPath } from './upgrade-request.ts';

export const openHandler = (log: Log): RequestListener =>
  openApp({
    log,
    mount(app) {
      app.use((req, _res, next) => {
        if (!isSocketPath(req.path)) return next();
        if (req.method !== 'GET')
          return next(
            new AppError('METHOD_NOT_ALLOWED', `${req.method} is not allowed here`, { headers: { Allow: 'GET' } }),
          );
        next(
          new AppError('VALIDATION_ERROR', 'This needs a WebSocket', {
            status: 426,
            headers: { Upgrade: 'websocket', Connection: 'Upgrade' },
          }),
        );
      });
    },
  });
