import { setTimeout as sleep } from 'node:timers/promises';
import type { Place, Result } from '../workload.ts';
import { closeAll, connectAll } from './clients.ts';

const SETTLE_MS = 1500;
/** Opened before measuring: the first connections include costs of the process. */
const WARM_UP = 100;

/** `begin` is called before the connections open; the result is returned while they are open. */
export async function idleLoad(
  place: Place,
  { connections }: { connections: number },
  begin: () => Promise<void>,
): Promise<Result> {
  const one = { ...place, nodes: place.nodes.slice(0, 1) };
  const first = await connectAll(one, WARM_UP);
  await begin();
  const began = performance.now();
  const clients = await connectAll(one, connections);
  const ms = performance.now() - began;
  await sleep(SETTLE_MS);
  // The caller reads the memory when it has the result; the connections close when the process
  // ends.
  process.once('disconnect', () => closeAll([...first, ...clients]));
  return { units: connections, ms, latencies: [] };
}
