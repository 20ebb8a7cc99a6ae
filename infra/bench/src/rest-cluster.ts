// A cluster with one person, rooms of theirs and an admin, for benchmarks over REST.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '@chatapi/local';
import { type Agent, request } from 'undici';

export const ADMIN = { username: 'chief', email: 'chief@example.com', password: 'quiet-harbour-lamp-41' };
export const ENV: NodeJS.ProcessEnv = {
  LOG_LEVEL: 'error',
  BCRYPT_COST: '4',
  RATE_LIMIT_REQUESTS: '0',
  RATE_LIMIT_REGISTRATIONS: '0',
  ADMIN_USERNAME: ADMIN.username,
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
};

export interface Bench {
  cluster: Cluster;
  agent: Agent;
  admin: string;
  person: string;
  rooms: string[];
}

export async function call(
  { cluster, agent }: Pick<Bench, 'cluster' | 'agent'>,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  token: string,
  body?: object,
): Promise<any> {
  const headers = { 'content-type': 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) };
  const given = body && JSON.stringify(body);
  const answer = await request(`${cluster.url}${path}`, { method, headers, body: given, dispatcher: agent });
  const said = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${path} answered ${answer.statusCode}: ${said}`);
  return said === '' ? undefined : JSON.parse(said);
}

export async function prepare(cluster: Cluster, agent: Agent, count: number): Promise<Bench> {
  const base = { cluster, agent };
  const { username, password } = ADMIN;
  const login = { username_or_email: username, password };
  const { access_token: admin } = await call(base, 'POST', '/users/login', '', login);
  const person = { username: 'person', email: 'person@example.com', password: 'copper-violet-meadow-27' };
  const { access_token } = await call(base, 'POST', '/users/register', '', person);
  const rooms = Array.from({ length: count }, (_, i) => `room-${i}`);
  for (const chat_id of rooms) await call(base, 'POST', '/rooms', access_token, { chat_id });
  return { ...base, admin, person: access_token, rooms };
}

/** Sends to the rooms in turn, whether earlier ones were answered or not. @returns how many. */
export async function sendAtRate(
  bench: Bench,
  { perSecond, seconds, onAnswer }: { perSecond: number; seconds: number; onAnswer(room: number, ms: number): void },
): Promise<number> {
  const { rooms } = bench;
  const began = performance.now();
  const count = perSecond * seconds;
  const answers: Promise<unknown>[] = [];
  for (let n = 0; n < count; n++) {
    await sleep(Math.max(0, began + (n * 1000) / perSecond - performance.now()));
    const room = n % rooms.length;
    const since = performance.now();
    const sent = call(bench, 'POST', '/messages/', bench.person, { chat_id: rooms[room], content: `message ${n}` });
    answers.push(sent.then(() => onAnswer(room, performance.now() - since)));
  }
  await Promise.all(answers);
  return count;
}
