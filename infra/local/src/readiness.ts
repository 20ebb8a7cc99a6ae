import { setTimeout as sleep } from 'node:timers/promises';
import { type Instance, internalUrlOf } from './instances.ts';
import { UserError } from './user-error.ts';

async function isReady(instance: Instance): Promise<boolean> {
  try {
    const answer = await fetch(`${internalUrlOf(instance)}/health/ready`, { signal: AbortSignal.timeout(2000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

/**
 * Resolves when all instances are ready.
 * @param check called before each round; may throw to abort.
 * @throws UserError at the deadline.
 */
export async function untilReady(instances: Instance[], deadlineMs: number, check: () => void): Promise<void> {
  const waiting = new Set(instances);
  for (const end = Date.now() + deadlineMs; waiting.size > 0; await sleep(40)) {
    check();
    if (Date.now() > end) throw new UserError(`not ready in time: ${[...waiting].map(({ name }) => name).join(', ')}`);
    await Promise.all([...waiting].map(async (i) => (await isReady(i)) && waiting.delete(i)));
  }
}
