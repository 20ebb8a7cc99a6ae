// Authentication and listening of the reference servers, as efficient as their authors would make
// it: one key object, a deep accept queue. `rooms` in the token saves them a table of members.
import { createSecretKey } from 'node:crypto';
import type { Server } from 'node:http';
import jwt from 'jsonwebtoken';

const key = createSecretKey(Buffer.from(process.env.SECRET ?? ''));

export interface Claims {
  sub: string;
  rooms: string[];
}

/** @throws Error when the token is invalid. */
export const verify = (token: string): Claims => jwt.verify(token, key, { algorithms: ['HS256'] }) as unknown as Claims;

/** Listens on PORT, notifies the parent process, and exits with it. */
export function open(server: Server): void {
  server.listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 4096 }, () =>
    process.send?.('listening'),
  );
  process.once('disconnect', () => process.exit(0));
}
