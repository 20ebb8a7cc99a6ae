// The product as it is delivered, with two realtime nodes and its limits off.
import { rmSync } from 'node:fs';
import { startCluster, urlOf } from '@chatapi/local';
import { request } from 'undici';
import { PEOPLE, type System } from './system.ts';
import type { Person } from './work.ts';

const ENV: NodeJS.ProcessEnv = {
  LOG_LEVEL: 'warn',
  BCRYPT_COST: '4',
  REALTIME_NODES: '2',
  RATE_LIMIT_REQUESTS: '0',
  RATE_LIMIT_LOGIN: '0',
  RATE_LIMIT_WS_MESSAGES: '0',
};

async function post(url: string, body: object, token?: string): Promise<any> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { 'content-type': 'application/json', ...authorization };
  const answer = await request(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (answer.statusCode !== 201) throw new Error(`${url} answered ${answer.statusCode}: ${await answer.body.text()}`);
  return answer.body.json();
}

async function register(url: string, i: number): Promise<Person> {
  const username = `bench-${i}`;
  const body = { username, email: `${username}@example.com`, password: 'copper-violet-meadow-27' };
  const { user, access_token } = await post(`${url}/users/register`, body);
  return { id: user.id, token: access_token };
}

async function registerAll(url: string): Promise<Person[]> {
  const people: Person[] = [];
  for (let at = 0; at < PEOPLE; at += 5)
    people.push(...(await Promise.all(Array.from({ length: 5 }, (_, i) => register(url, at + i)))));
  return people;
}

export async function startProduct(env: NodeJS.ProcessEnv = {}): Promise<System> {
  const cluster = await startCluster({ env: { ...ENV, ...env } });
  const stop = async (): Promise<void> => {
    await cluster.stop();
    rmSync(cluster.dataDir, { recursive: true, force: true });
  };
  try {
    const [gateway] = cluster.instances.filter(({ dir }) => dir === 'api-gateway').map(urlOf) as [string];
    const nodes = cluster.instances.filter(({ dir }) => dir === 'realtime-gateway').map(urlOf);
    const people = await registerAll(gateway);
    const [first, ...others] = people as [Person, ...Person[]];
    const room = 'bench-room';
    await post(`${gateway}/rooms`, { chat_id: room, visibility: 'private' }, first.token);
    // One by one through the public door, as an owner does.
    for (const { id: user_id } of others) await post(`${gateway}/rooms/${room}/members`, { user_id }, first.token);
    const names = [...cluster.instances.map(({ name }) => name), 'postgres', 'redis'];
    return {
      name: 'chatapi',
      place: { nodes, gateway, people, room },
      firstNode: 'realtime-1',
      pids: () => Object.fromEntries(names.map((name) => [name, cluster.pid(name) ?? 0])),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
