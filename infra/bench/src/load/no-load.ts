import { setTimeout as sleep } from 'node:timers/promises';
import type { Place, Result } from '../workload.ts';

export async function stillLoad(
  _: Place,
  { seconds }: { seconds: number },
  begin: () => Promise<void>,
): Promise<Result> {
  await begin();
  await sleep(seconds * 1000);
  return { units: seconds, ms: seconds * 1000, latencies: [] };
}
