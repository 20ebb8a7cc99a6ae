// Waits for events that are in no log.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Socket } from './accounts.ts';

const LOOK_MS = 100;
const MAX_LOOKS = 200;

/** Waits until a connection has been told this. */
export async function isTold(socket: Socket, ...told: [string, string, number | string]): Promise<void> {
  for (let looks = 1; ; looks++) {
    const all = (await socket.summary()).told;
    if (all.some((one) => JSON.stringify(one) === JSON.stringify(told))) return;
    if (looks === MAX_LOOKS) expect(all).to.deep.include(told);
    await sleep(LOOK_MS);
  }
}
