import { setTimeout as sleep } from 'node:timers/promises';
import type { Place, Result, Work } from '../work.ts';
import { type Client, closeAll, connectAll } from './clients.ts';

const WARM_UP_MS = 1000;

/** Ping-pong: who gets the other's message answers with the next one. */
export async function pairsLoad(
  place: Place,
  { pairs, seconds }: Extract<Work, { kind: 'pairs' }>,
  begin: () => Promise<void>,
): Promise<Result> {
  const clients = await connectAll(place, pairs * 2);
  const latencies: number[] = [];
  let [counted, running] = [0, true];
  try {
    const start = (from: Client, to: Client): void => {
      let sent = 0;
      const send = (by: Client, other: Client): void => {
        sent = performance.now();
        by.ws.send(
          JSON.stringify({ message: 'a line as people write them to each other', recipient_id: other.person.id }),
        );
      };
      const answer =
        (by: Client, other: Client) =>
        (frame: Buffer): void => {
          // The sender's own frame comes back to it too.
          if (frame.includes(`"sender_id":"${by.person.id}"`)) return;
          counted++;
          latencies.push(performance.now() - sent);
          if (running) send(by, other);
        };
      from.onMessage = answer(from, to);
      to.onMessage = answer(to, from);
      send(from, to);
    };
    for (let i = 0; i < pairs; i++) start(clients[2 * i] as Client, clients[2 * i + 1] as Client);
    await sleep(WARM_UP_MS);
    await begin();
    [counted, latencies.length] = [0, 0];
    const began = performance.now();
    await sleep(seconds * 1000);
    const result = { units: counted, ms: performance.now() - began, latencies: [...latencies] };
    running = false;
    return result;
  } finally {
    running = false;
    closeAll(clients);
  }
}
