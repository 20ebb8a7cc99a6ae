// Owns: that Redis knows which users have a connection here, and how many connections there are: what the statistics count.
import { showAlive, tellOnline } from '@chatapi/bus';
import { every, type Recurring } from '@chatapi/kit';
import type { Node } from './node.ts';

/** Statistics are right within 2 s, of which a node may be silent for 1.75. */
const EVERY_MS = 500;

export interface Online {
  /** The user's first connection came or their last went; which of both is seen when it is told. */
  noted(userId: string): void;
  /** Starts telling. */
  start(node: Node): Recurring;
}

const isHere = (node: Node, id: string): boolean => (node.users.get(id)?.connections.length ?? 0) > 0;

export function openOnline(): Online {
  /** All whom Redis may have for this node. */
  const told = new Set<string>();
  let changed = new Set<string>();
  /** Redis has exactly those told. */
  let certain = true;

  async function tell(node: Node): Promise<void> {
    const ids = certain ? changed : new Set([...told, ...node.users.keys()]);
    changed = new Set();
    const came = [...ids].filter((id) => isHere(node, id) && !(certain && told.has(id)));
    const went = [...ids].filter((id) => !isHere(node, id) && told.has(id));
    for (const id of came) told.add(id);
    certain = false;
    await tellOnline(node.redis, node.id, came, went);
    for (const id of went) told.delete(id);
    const stats = { instance: node.config.INSTANCE, connections: node.connections.size };
    // Else Redis lost its memory, or this node was silent for too long: then all are told again.
    certain = (await showAlive(node.redis, node.id, stats)) === told.size;
  }

  return {
    noted: (userId) => void changed.add(userId),
    start: (node) =>
      every(
        EVERY_MS,
        () => tell(node),
        (err) => node.log.debug({ err: err.message }, 'who is online is told later'),
      ),
  };
}
