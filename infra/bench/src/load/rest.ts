import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import type { Person, Place, Result, Work } from '../work.ts';

const WARM_UP_MS = 1000;

/** `parallel` clients, each sending its next message when the last was answered. */
export async function restLoad(
  { gateway, people, room }: Place,
  { parallel, seconds }: Extract<Work, { kind: 'rest' }>,
  begin: () => Promise<void>,
): Promise<Result> {
  const pool = new Pool(gateway as string, { connections: parallel });
  const latencies: number[] = [];
  let [counted, running] = [0, true];
  const one = async (i: number): Promise<void> => {
    const { token } = people[i % people.length] as Person;
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ chat_id: `${room}-rest-${i}`, content: 'a line as people write them' });
    while (running) {
      const sent = performance.now();
      const { statusCode, body: answer } = await pool.request({ method: 'POST', path: '/messages/', headers, body });
      await answer.dump();
      if (statusCode !== 201) throw new Error(`a send answered ${statusCode}`);
      counted++;
      latencies.push(performance.now() - sent);
    }
  };
  const all = Promise.all(Array.from({ length: parallel }, (_, i) => one(i)));
  const measured = async (): Promise<Result> => {
    await sleep(WARM_UP_MS);
    await begin();
    [counted, latencies.length] = [0, 0];
    const began = performance.now();
    await sleep(seconds * 1000);
    return { units: counted, ms: performance.now() - began, latencies: [...latencies] };
  };
  try {
    return await Promise.race([measured(), all.then(() => Promise.reject(new Error('the senders ended')))]);
  } finally {
    running = false;
    await all.catch(() => undefined);
    await pool.close();
  }
}
