// Owns: how a stopping node sends its clients elsewhere: in random order over some time, so that they do not all come back in
// one moment, and each with 1012, which says: reconnect and resume.
import { setTimeout as sleep } from 'node:timers/promises';
import { CLOSE, closeConnection } from './connections.ts';
import type { Connection, Node } from './node.ts';

const MS_PER_CONNECTION = 1;
/** For answers to sends under way, and for the peers' half of the close. */
const LAST_MS = 1000;
const STEP_MS = 20;

function shuffled(connections: Connection[]): Connection[] {
  for (let i = connections.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [connections[i], connections[j]] = [connections[j] as Connection, connections[i] as Connection];
  }
  return connections;
}

async function whileOpen(all: Connection[], ms: number): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end && all.some(({ socket }) => !socket.destroyed); )
    await sleep(STEP_MS);
}

/** Takes at most DRAIN_MS and a little more than LAST_MS twice. */
export async function drain(node: Node): Promise<void> {
  node.draining = true;
  const all = shuffled([...node.connections.values()]);
  const span = Math.min(node.config.DRAIN_MS, all.length * MS_PER_CONNECTION);
  await node.sends.settle(Math.min(LAST_MS, node.config.DRAIN_MS));
  const steps = Math.max(1, Math.ceil(span / STEP_MS));
  const share = Math.ceil(all.length / steps);
  for (let i = 0; i < all.length; i += share) {
    for (const c of all.slice(i, i + share)) closeConnection(node, c, CLOSE.goingAway, 'the node is going away');
    if (i + share < all.length) await sleep(STEP_MS);
  }
  await whileOpen(all, LAST_MS);
  for (const { ws } of all) ws.terminate();
  for (const c of node.connections.values()) c.ws.terminate();
}
