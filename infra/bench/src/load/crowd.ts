// A thread of the load generator: all of them log in at once, and who asks beside them is not late for what it takes to send that.
import { parentPort, workerData } from 'node:worker_threads';
import { Pool } from 'undici';

export interface Crowd {
  gateway: string;
  names: string[];
  password: string;
}

const { gateway, names, password } = workerData as Crowd;
const pool = new Pool(gateway, { connections: names.length });

/** Whether it got in; who would wait too long is told so with 503. */
async function login(name: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ username_or_email: name, password });
  const { statusCode, body: answer } = await pool.request({ method: 'POST', path: '/users/login', headers, body });
  await answer.dump();
  if (statusCode !== 200 && statusCode !== 503) throw new Error(`a login answered ${statusCode}`);
  return statusCode === 200;
}

/** Begins when it is told to; says how many got in. */
parentPort?.once('message', async () => {
  const entered = await Promise.all(names.map(login));
  parentPort?.postMessage(entered.filter(Boolean).length);
  await pool.close();
});
