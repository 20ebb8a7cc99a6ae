// The reference servers: two nodes each, sharing one PostgreSQL and one Redis. Only one runs at a
// time, and they use different channels.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type BackendsOnly, startBackends } from '@chatapi/local';
import jwt from 'jsonwebtoken';
import pg from 'pg';
import { TABLE } from '../peers/chat-schema.ts';
import type { DialectName, Person, Work } from '../workload.ts';
import { type ServerProcess, startServer } from './server-process.ts';
import { cutRoomOf, PEOPLE, ROOM, type System } from './system.ts';

const secret = randomBytes(36).toString('base64url');
const people: Person[] = Array.from({ length: PEOPLE }, (_, i) => {
  const claims = { sub: `usr_${i}`, rooms: [ROOM, cutRoomOf(i)] };
  return { id: claims.sub, token: jwt.sign(claims, secret, { algorithm: 'HS256', expiresIn: 36_000 }) };
});

const LIVE: Work['kind'][] = ['idle', 'room', 'paced', 'pairs', 'cut'];

interface Parts {
  name: string;
  dialect: DialectName;
  nodes: ServerProcess[];
  /** By name: `gateway` accepts REST requests, `service` is behind it. */
  others: Record<string, ServerProcess>;
  backends: BackendsOnly;
}

function systemOf({ name, dialect, nodes, others, backends }: Parts): System {
  const processes = [...nodes, ...Object.values(others)];
  const { gateway } = others;
  const pids = (): Record<string, number> => ({
    ...Object.fromEntries(nodes.map((node, i) => [`realtime-${i + 1}`, node.pid()])),
    ...Object.fromEntries(Object.entries(others).map(([key, process]) => [key, process.pid()])),
    postgres: backends.pid('postgres') ?? 0,
    redis: backends.pid('redis') ?? 0,
  });
  return {
    name,
    does: (work) =>
      LIVE.includes(work.kind) || (work.kind === 'rest' && work.through === 'gateway' && gateway !== undefined),
    place: () => ({ dialect, nodes: nodes.map(({ url }) => url), gateway: gateway?.url, people, room: ROOM }),
    pids,
    firstNode: 'realtime-1',
    killFirst: () => nodes[0]?.kill(),
    ready: async () => void (await Promise.all(processes.map((process) => process.ready()))),
    stop: async () => void (await Promise.all(processes.map((process) => process.stop()))),
  };
}

const two = (program: string, env: NodeJS.ProcessEnv): Promise<ServerProcess[]> =>
  Promise.all([1, 2].map(() => startServer(program, env)));

type Start = (backends: BackendsOnly) => Promise<System>;

const envOf = ({ redisUrl, postgresUrl }: BackendsOnly): NodeJS.ProcessEnv => ({
  SECRET: secret,
  REDIS: redisUrl,
  DATABASE: postgresUrl,
});

async function startHandWritten(backends: BackendsOnly): Promise<System> {
  const client = new pg.Client({ connectionString: backends.postgresUrl });
  await client.connect();
  await client.query(TABLE);
  await client.end();
  const env = envOf(backends);
  const nodes = await two('chat-node.ts', env);
  const service = await startServer('chat-service.ts', env);
  const gateway = await startServer('chat-gateway.ts', { SERVICE: service.url });
  return systemOf({ name: 'hand-written', dialect: 'socket.io', nodes, others: { gateway, service }, backends });
}

export const REFERENCE_SERVERS: Record<string, Start> = {
  'bare-ws': async (backends) =>
    systemOf({
      name: 'bare-ws',
      dialect: 'bare',
      nodes: await two('bare-ws.ts', envOf(backends)),
      others: {},
      backends,
    }),
  'socket.io': async (backends) =>
    systemOf({
      name: 'socket.io',
      dialect: 'socket.io',
      nodes: await two('socket-io.ts', envOf(backends)),
      others: {},
      backends,
    }),
  'hand-written': startHandWritten,
};

/** Starts the named reference servers. `stop` also stops their databases. */
export async function startReferenceServers(
  names: string[],
): Promise<{ systems: System[]; stop: () => Promise<void> }> {
  const backends = await startBackends();
  const systems: System[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(systems.map((system) => system.stop()));
    await backends.stop();
    rmSync(backends.dataDir, { recursive: true, force: true });
  };
  try {
    for (const name of names) systems.push(await (REFERENCE_SERVERS[name] as Start)(backends));
    return { systems, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
