// Sockets of the load generator.
import WebSocket from 'ws';
import type { Person, Place } from '../workload.ts';
import { DIALECTS, type Dialect, type Outgoing } from './dialects.ts';

export interface Client {
  ws: WebSocket;
  person: Person;
  send(outgoing: Outgoing): void;
  /** Called with every frame that contains messages. */
  onMessage: (frame: Buffer) => void;
}

const LIVE_MS = 15_000;
const AT_ONCE = 50;

/**
 * Resolves when the socket is live. `last`: the position to continue from, in dialects that send it
 * when connecting.
 */
export function connectOne(
  dialect: Dialect,
  node: string,
  person: Person,
  { last, onMessage = () => undefined }: { last?: string; onMessage?: (frame: Buffer) => void } = {},
): Promise<Client> {
  const ws = new WebSocket(dialect.address(node, person.token), { perMessageDeflate: false });
  const client: Client = { ws, person, onMessage, send: (outgoing) => ws.send(dialect.encode(outgoing)) };
  const onFrame = (frame: Buffer): void => {
    const pong = dialect.pong?.(frame);
    if (pong !== undefined) ws.send(pong);
    else if (dialect.bearsMessages(frame)) client.onMessage(frame);
  };
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('a connection was not live in time')), LIVE_MS);
    ws.on('error', reject);
    ws.once('close', () => reject(new Error('a connection was closed before it was live')));
    ws.on('message', function greet(frame: Buffer) {
      const { say, live } = dialect.greet(frame, person.token, last);
      if (say !== undefined) ws.send(say);
      if (live !== true) return;
      clearTimeout(late);
      ws.off('message', greet).on('message', onFrame);
      resolve(client);
    });
  });
}

/** Opens `count` connections: person i (mod all) on node i (mod all). */
export async function connectAll({ dialect, nodes, people }: Place, count: number): Promise<Client[]> {
  const clients: Client[] = [];
  for (let at = 0; at < count; at += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - at) }, (_, i) =>
      connectOne(
        DIALECTS[dialect],
        nodes[(at + i) % nodes.length] as string,
        people[(at + i) % people.length] as Person,
      ),
    );
    clients.push(...(await Promise.all(some)));
  }
  return clients;
}

export function closeAll(clients: Client[]): void {
  for (const { ws } of clients) ws.terminate();
}
