// Closes all connections of a stopping node with 1012 (reconnect and resume), in random order and
// spread over time, so that clients do not reconnect all at once.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Node } from '../context.ts';
import type { Connection } from '../state.ts';
import { CLOSE, closeConnection } from './connections.ts';

const MS_PER_CONNECTION = 1;
/** Maximum wait for pending sends, and for clients' close frames. */
const MAX_WAIT_MS = 1000;
const STEP_MS = 20;

function shuffled(connections: Connection[]): Connection[] {
  for (let i = connections.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [connections[i], connections[j]] = [connections[j] as Connection, connections[i] as Connection];
  }
  return connections;
}

async function waitUntilClosed(all: Connection[], ms: number): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end && all.some(({ socket }) => !socket.destroyed); )
    await sleep(STEP_MS);
}

/** Takes at most about DRAIN_MS + 2 × MAX_WAIT_MS. */
export async function drain(node: Node): Promise<void> {
  node.draining = true;
  const all = shuffled([...node.connections.values()]);
  const span = Math.min(node.config.DRAIN_MS, all.length * MS_PER_CONNECTION);
  await node.sends.settle(Math.min(MAX_WAIT_MS, node.config.DRAIN_MS));
  const steps = Math.max(1, Math.ceil(span / STEP_MS));
  const share = Math.ceil(all.length / steps);
  for (let i = 0; i < all.length; i += share) {
    for (const c of all.slice(i, i + share)) closeConnection(node, c, CLOSE.goingAway, 'the node is going away');
    if (i + share < all.length) await sleep(STEP_MS);
  }
  await waitUntilClosed(all, MAX_WAIT_MS);
  for (const { transport } of all) transport.terminate();
  for (const c of node.connections.values()) c.transport.terminate();
}
