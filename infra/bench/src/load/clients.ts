// Sockets of the load generator: they look at frames as little as they can, so that the generator is not what is measured.
import WebSocket from 'ws';
import type { Person, Place } from '../work.ts';

export interface Client {
  ws: WebSocket;
  person: Person;
  /** Called with every frame that bears a message. */
  onMessage: (frame: Buffer) => void;
}

const MESSAGE = Buffer.from('"type":"message"');
const HELLO_MS = 15_000;
const AT_ONCE = 50;

/** Only a frame that begins like a message is one; acks and notices are passed over. */
const isMessage = (frame: Buffer): boolean => frame.subarray(0, 40).includes(MESSAGE);

function connectOne(url: string, person: Person): Promise<Client> {
  const ws = new WebSocket(`${url.replace(/^http/, 'ws')}/ws/me?token=${person.token}`, { perMessageDeflate: false });
  const client: Client = { ws, person, onMessage: () => undefined };
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('no hello in time')), HELLO_MS);
    ws.on('error', reject);
    ws.once('message', () => {
      clearTimeout(late);
      ws.on('message', (data: Buffer) => isMessage(data) && client.onMessage(data));
      resolve(client);
    });
  });
}

/** Person i (mod all) on node i (mod all), `count` connections. */
export async function connectAll({ nodes, people }: Place, count: number): Promise<Client[]> {
  const clients: Client[] = [];
  for (let at = 0; at < count; at += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - at) }, (_, i) =>
      connectOne(nodes[(at + i) % nodes.length] as string, people[(at + i) % people.length] as Person),
    );
    clients.push(...(await Promise.all(some)));
  }
  return clients;
}

export function closeAll(clients: Client[]): void {
  for (const { ws } of clients) ws.terminate();
}
