// What every peer does at its door, as its author would: one key object for all tokens, a deep queue of connections that wait.
// `rooms` in the token spares the peers a table of members: they are given that for nothing.
import { createSecretKey } from 'node:crypto';
import type { Server } from 'node:http';
import jwt from 'jsonwebtoken';

const key = createSecretKey(Buffer.from(process.env.SECRET ?? ''));

export interface Claims {
  sub: string;
  rooms: string[];
}

/** @throws when the token is not good. */
export const verify = (token: string): Claims => jwt.verify(token, key, { algorithms: ['HS256'] }) as unknown as Claims;

/** Listens where it is told to, and says so to its parent; ends with it. */
export function open(server: Server): void {
  server.listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 4096 }, () =>
    process.send?.('listening'),
  );
  process.once('disconnect', () => process.exit(0));
}
