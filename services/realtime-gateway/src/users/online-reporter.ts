// Reports this node's users and connections to Redis, for the statistics.
import { reportAlive, reportOnline } from '@chatapi/bus';
import { every } from '@chatapi/kit';
import type { Node, OnlineReporter } from '../context.ts';

/** Statistics are at most 2 s old: a node that is silent for 1.75 s is not counted. */
const REPORT_MS = 500;

const isOnline = (node: Node, id: string): boolean => (node.users.get(id)?.connections.length ?? 0) > 0;

export function createOnlineReporter(): OnlineReporter {
  /** Users that Redis may list for this node. */
  const reported = new Set<string>();
  let changed = new Set<string>();
  /** Whether Redis lists exactly `reported`. */
  let inSync = true;

  async function report(node: Node): Promise<void> {
    const ids = inSync ? changed : new Set([...reported, ...node.users.keys()]);
    changed = new Set();
    const came = [...ids].filter((id) => isOnline(node, id) && !(inSync && reported.has(id)));
    const went = [...ids].filter((id) => !isOnline(node, id) && reported.has(id));
    for (const id of came) reported.add(id);
    inSync = false;
    await reportOnline(node.redis, node.id, came, went);
    for (const id of went) reported.delete(id);
    const stats = { instance: node.config.INSTANCE, connections: node.connections.size };
    // A difference: Redis lost its data or dropped this silent node. All users are reported again.
    inSync = (await reportAlive(node.redis, node.id, stats)) === reported.size;
  }

  return {
    noteChange: (userId) => void changed.add(userId),
    start: (node) =>
      every(
        REPORT_MS,
        () => report(node),
        (err) => node.log.debug({ err: err.message }, 'online users were not reported'),
      ),
  };
}
