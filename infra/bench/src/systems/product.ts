// The product with its defaults, two realtime nodes and no rate limits.
import { rmSync } from 'node:fs';
import { identityHeaders } from '@chatapi/kit/auth';
import { type Cluster, serviceKeysIn, startCluster, urlOf } from '@chatapi/local';
import { request } from 'undici';
import { BUSY_NAMES, HISTORY_ROOM, PASSWORD } from '../fixture.ts';
import type { Person, Place } from '../workload.ts';
import { CUT_ROOMS, cutRoomOf, PEOPLE, ROOM, type System } from './system.ts';

const ENV: NodeJS.ProcessEnv = {
  LOG_LEVEL: 'warn',
  // Hundreds register before the first workload. Accounts that log in during one get a hash with
  // the default cost.
  BCRYPT_COST: '4',
  JWT_EXPIRE_MINUTES: '600',
  RATE_LIMIT_REQUESTS: '0',
  RATE_LIMIT_LOGIN: '0',
  RATE_LIMIT_LOGIN_ADDRESS: '0',
  RATE_LIMIT_REGISTRATIONS: '0',
  RATE_LIMIT_WS_FRAMES: '0',
  RATE_LIMIT_UPGRADES: '0',
  RATE_LIMIT_WS_MESSAGES: '0',
};
const AT_ONCE = 5;

export interface Product extends System {
  cluster: Cluster & { dataDir: string };
}

export async function post(url: string, body: object, token?: string): Promise<any> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { 'content-type': 'application/json', ...authorization };
  const answer = await request(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (answer.statusCode !== 201) throw new Error(`${url} answered ${answer.statusCode}: ${await answer.body.text()}`);
  return answer.body.json();
}

async function register(url: string, username: string): Promise<Person> {
  const body = { username, email: `${username}@example.com`, password: PASSWORD };
  const { user, access_token } = await post(`${url}/users/register`, body);
  return { id: user.id, token: access_token };
}

async function registerAll(url: string, names: string[]): Promise<Person[]> {
  const people: Person[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE)
    people.push(...(await Promise.all(names.slice(at, at + AT_ONCE).map((name) => register(url, name)))));
  return people;
}

async function makeRooms(gateway: string, people: Person[]): Promise<void> {
  const make = (chat_id: string, members: Person[]): Promise<unknown> => {
    const [first, ...others] = members as [Person, ...Person[]];
    const member_ids = others.map(({ id }) => id);
    return post(`${gateway}/rooms`, { chat_id, visibility: 'private', member_ids }, first.token);
  };
  await make(ROOM, people);
  await make(HISTORY_ROOM, people.slice(0, 2));
  for (const room of CUT_ROOMS)
    await make(
      room,
      people.filter((_, i) => cutRoomOf(i) === room),
    );
}

/** The identity that the gateway would sign for each of them; valid for a minute. */
function signedIdentities(dataDir: string, people: Person[]): Record<string, string>[] {
  const keys = serviceKeysIn(dataDir, 'api-gateway');
  return people.map(({ id }) =>
    identityHeaders(keys, 'message', {
      kind: 'user',
      user_id: id,
      session_id: 'bench',
      role: 'user',
      ip: '127.0.0.1',
    }),
  );
}

export interface Size {
  env?: NodeJS.ProcessEnv;
  people?: number;
  /** Users without common rooms. */
  outsiders?: number;
  nodes?: number;
}

export async function startProduct({
  env,
  people: count = PEOPLE,
  outsiders: apart = 0,
  nodes: nodeCount = 2,
}: Size): Promise<Product> {
  const cluster = await startCluster({ env: { ...ENV, REALTIME_NODES: String(nodeCount), ...env } });
  const stop = async (): Promise<void> => {
    await cluster.stop();
    rmSync(cluster.dataDir, { recursive: true, force: true });
  };
  const urlsOf = (dir: string): string[] => cluster.instances.filter((i) => i.dir === dir).map(urlOf);
  try {
    const [[gateway], [service], nodes] = ['api-gateway', 'message', 'realtime-gateway'].map(urlsOf) as [
      [string],
      [string],
      string[],
    ];
    const names = Array.from({ length: count }, (_, i) => `bench-${i}`);
    const people = await registerAll(gateway, names);
    const outsiders = await registerAll(gateway, BUSY_NAMES.slice(0, apart));
    await makeRooms(gateway, people);
    const processes = [...cluster.instances.map(({ name }) => name), 'postgres', 'redis'];
    const place = (): Place => {
      const straight = { url: service, headers: signedIdentities(cluster.dataDir, people) };
      return { dialect: 'chatapi', nodes, gateway, straight, people, room: ROOM, outsiders };
    };
    return {
      name: 'chatapi',
      cluster,
      does: () => true,
      place,
      firstNode: 'realtime-1',
      pids: () => Object.fromEntries(processes.map((name) => [name, cluster.pid(name) ?? 0])),
      killFirst: () => cluster.kill('realtime-1'),
      ready: () => cluster.waitReady(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
