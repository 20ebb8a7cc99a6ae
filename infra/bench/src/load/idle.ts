import { setTimeout as sleep } from 'node:timers/promises';
import type { Place, Result } from '../work.ts';
import { closeAll, connectAll } from './clients.ts';

const SETTLE_MS = 1500;
/** Opened before anything is measured: the first connections pay for the process, not for themselves. */
const WARM_UP = 100;

/** `begin` is told before the connections open; the result while they are open. */
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
  // The caller reads the memory when it has the result; the process' end closes them.
  process.once('disconnect', () => closeAll([...first, ...clients]));
  return { units: connections, ms, latencies: [] };
}
