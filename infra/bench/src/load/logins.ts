import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { BUSY_NAMES, PASSWORD } from '../fixture.ts';
import type { Person, Place, Result, Work } from '../work.ts';
import { ask } from './requests.ts';

const WARM_UP_MS = 1000;

/** Reads at a steady pace; latency counts from when a read was due, so that one that waits for the last is not forgiven. */
async function steadyReads(pool: Pool, { people }: Place, perSecond: number, seconds: number): Promise<number[]> {
  const headers = { authorization: `Bearer ${(people[0] as Person).token}` };
  const began = performance.now();
  return Promise.all(
    Array.from({ length: perSecond * seconds }, async (_, i) => {
      const due = began + (i * 1000) / perSecond;
      await sleep(Math.max(0, due - performance.now()));
      await ask(pool, { method: 'GET', path: '/users/me', headers }, 200);
      return performance.now() - due;
    }),
  );
}

/** Whether it got in; who would wait too long is told so with 503. */
async function login(pool: Pool, name: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ username_or_email: name, password: PASSWORD });
  const { statusCode, body: answer } = await pool.request({ method: 'POST', path: '/users/login', headers, body });
  await answer.dump();
  if (statusCode !== 200 && statusCode !== 503) throw new Error(`a login answered ${statusCode}`);
  return statusCode === 200;
}

export async function loginsLoad(
  place: Place,
  { logins, perSecond, seconds }: Extract<Work, { kind: 'logins' }>,
  begin: () => Promise<void>,
): Promise<Result> {
  const pool = new Pool(place.gateway as string, { connections: 64 });
  const others = new Pool(place.gateway as string, { connections: Math.max(1, logins) });
  try {
    await steadyReads(pool, place, perSecond, WARM_UP_MS / 1000);
    await begin();
    const began = performance.now();
    const [latencies, entered] = await Promise.all([
      steadyReads(pool, place, perSecond, seconds),
      Promise.all(BUSY_NAMES.slice(0, logins).map((name) => login(others, name))),
    ]);
    const ms = performance.now() - began;
    const inside = entered.filter(Boolean).length;
    const note = logins === 0 ? undefined : `${inside} in, ${logins - inside} told to come later`;
    return { units: latencies.length, ms, latencies, note };
  } finally {
    await Promise.all([pool.close(), others.close()]);
  }
}
