import { setTimeout as sleep } from 'node:timers/promises';
import type { Place, Result } from '../workload.ts';
import { type Client, closeAll, connectAll } from './clients.ts';

const WARM_UP_MS = 2000;
const DRAIN_MS = 3000;

/** Ping-pong: each user answers a received message with the next one. */
export async function pairsLoad(
  place: Place,
  { pairs, seconds }: { pairs: number; seconds: number },
  begin: () => Promise<void>,
): Promise<Result> {
  const clients = await connectAll(place, pairs * 2);
  const latencies: number[] = [];
  let [counted, running] = [0, true];
  // Each message arrives once at the other user and once at its sender.
  let [sends, arrivals, echoes] = [0, 0, 0];
  const start = (from: Client, to: Client): void => {
    let sent = 0;
    const send = (by: Client, other: Client): void => {
      sent = performance.now();
      sends++;
      by.send({ message: 'a line as people write them to each other', recipient_id: other.person.id });
    };
    const answer = (by: Client, other: Client): ((frame: Buffer) => void) => {
      const own = `"sender_id":"${by.person.id}"`;
      return (frame) => {
        if (frame.includes(own)) return void echoes++;
        arrivals++;
        counted++;
        latencies.push(performance.now() - sent);
        if (running) send(by, other);
      };
    };
    from.onMessage = answer(from, to);
    to.onMessage = answer(to, from);
    send(from, to);
  };
  try {
    for (let i = 0; i < pairs; i++) start(clients[2 * i] as Client, clients[2 * i + 1] as Client);
    await sleep(WARM_UP_MS);
    await begin();
    [counted, latencies.length] = [0, 0];
    const began = performance.now();
    await sleep(seconds * 1000);
    const result = { units: counted, ms: performance.now() - began, latencies: [...latencies] };
    running = false;
    const missing = (): number => Math.max(0, sends - arrivals) + Math.max(0, sends - echoes);
    const drained = performance.now() + DRAIN_MS;
    while (missing() > 0 && performance.now() < drained) await sleep(20);
    const duplicated = Math.max(0, arrivals - sends) + Math.max(0, echoes - sends);
    return { ...result, lost: missing(), duplicated };
  } finally {
    running = false;
    closeAll(clients);
  }
}
