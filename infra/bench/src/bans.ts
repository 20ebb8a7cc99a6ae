// `npm run bench -- bans`: how long a banned user's sockets live on, on both nodes: from the order to the close with 4403. Once
// with Redis, once with a Redis that is stopped (no signal, no error: the worst there is).
import { rmSync } from 'node:fs';
import { type Cluster, startCluster, urlOf } from '@chatapi/local';
import { request } from 'undici';
import WebSocket from 'ws';
import { percentile, short } from './stats.ts';

const BANS = 200;
const PASSWORD = 'copper-violet-meadow-27';
const ADMIN = { username: 'chief', email: 'chief@example.com', password: 'quiet-harbour-lamp-41' };
const ENV: NodeJS.ProcessEnv = {
  LOG_LEVEL: 'error',
  BCRYPT_COST: '4',
  RATE_LIMIT_REQUESTS: '0',
  RATE_LIMIT_LOGIN: '0',
  ADMIN_USERNAME: ADMIN.username,
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
};

async function post(url: string, body: object, token = ''): Promise<any> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const answer = await request(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${url} answered ${answer.statusCode}: ${text}`);
  return JSON.parse(text);
}

/** When it was closed, by `performance.now()`. */
interface Open {
  closed: Promise<number>;
}

function openSocket(url: string, token: string): Promise<Open> {
  const ws = new WebSocket(`${url.replace(/^http/, 'ws')}/ws/me`, { headers: { authorization: `Bearer ${token}` } });
  const closed = new Promise<number>((resolve, reject) => {
    ws.on('close', (code) =>
      code === 4403 ? resolve(performance.now()) : reject(new Error(`closed with ${code}, not 4403`)),
    );
  });
  return new Promise((resolve, reject) => {
    ws.once('message', () => resolve({ closed }));
    ws.on('error', reject);
  });
}

/** Milliseconds from the order to the close of the later of the user's two sockets. */
async function banOne(cluster: Cluster, admin: string, n: number): Promise<number> {
  const username = `banned-${n}`;
  const person = { username, email: `${username}@example.com`, password: PASSWORD };
  const { user, access_token } = await post(`${cluster.url}/users/register`, person);
  const nodes = cluster.instances.filter(({ dir }) => dir === 'realtime-gateway').map(urlOf);
  const sockets = await Promise.all(nodes.map((url) => openSocket(url, access_token)));
  const ordered = performance.now();
  await post(`${cluster.url}/admin/users/${user.id}/ban`, { reason: 'bench' }, admin);
  return Math.max(...(await Promise.all(sockets.map(({ closed }) => closed)))) - ordered;
}

/** @returns the figures, a line for each. */
export async function bans(): Promise<string> {
  const cluster = await startCluster({ env: ENV });
  try {
    const { username, password } = ADMIN;
    const { access_token } = await post(`${cluster.url}/users/login`, { username_or_email: username, password });
    const measure = async (name: string): Promise<string> => {
      const latencies: number[] = [];
      for (let n = 0; n < BANS; n++) latencies.push(await banOne(cluster, access_token, Date.now() + n));
      const [p50, p99] = [0.5, 0.99].map((share) => short(percentile(latencies, share)));
      return `${BANS} bans, sockets on both nodes, ${name}: p50 ${p50} ms, p99 ${p99} ms, worst ${short(Math.max(...latencies))} ms`;
    };
    const lines = [await measure('with Redis')];
    cluster.kill('redis', 'SIGSTOP');
    try {
      lines.push(await measure('Redis frozen'));
      return lines.join('\n');
    } finally {
      cluster.kill('redis', 'SIGCONT');
    }
  } finally {
    await cluster.stop();
    rmSync(cluster.dataDir, { recursive: true, force: true });
  }
}
