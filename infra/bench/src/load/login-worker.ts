// A thread of the load generator that sends all logins at once, so that sending them does not delay
// the reads.
import { parentPort, workerData } from 'node:worker_threads';
import { Pool } from 'undici';

export interface LoginWorkerData {
  gateway: string;
  names: string[];
  password: string;
}

const { gateway, names, password } = workerData as LoginWorkerData;
const pool = new Pool(gateway, { connections: names.length });

/** Whether the login succeeded; 503 means that the queue was too long. */
async function login(name: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ username_or_email: name, password });
  const { statusCode, body: answer } = await pool.request({ method: 'POST', path: '/users/login', headers, body });
  await answer.dump();
  if (statusCode !== 200 && statusCode !== 503) throw new Error(`a login answered ${statusCode}`);
  return statusCode === 200;
}

/** Starts on a message; posts the number of successful logins. */
parentPort?.once('message', async () => {
  const entered = await Promise.all(names.map(login));
  parentPort?.postMessage(entered.filter(Boolean).length);
  await pool.close();
});
