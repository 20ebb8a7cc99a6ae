// A whole message service inside the test's process: real PostgreSQL and Redis, own schema. Auth and file are HTTP servers that know
// the people `usr_…` whose id holds no `ghost`, and the files `file_…`.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodePacket, enterTopics, nodeChannel, type ReceivedRecord } from '@chatapi/bus';
import {
  IDENTITY_HEADER,
  type Identity,
  identityKey,
  openApp,
  openLog,
  openMetrics,
  type Role,
  router,
  sealIdentity,
} from '@chatapi/kit';
import { Redis } from 'ioredis';
import knex from 'knex';
import supertest, { type Test } from 'supertest';
import { schema as settings } from '../src/config.ts';
import { type Context, close, open } from '../src/context.ts';
import { internalRoutes } from '../src/internal-routes.ts';
import { routes } from '../src/routes.ts';

const INTERNAL_SECRET_KEY = 'only-for-tests-0123456789-abcdefghij';
const START = '2026-01-01T00:00:00.000Z';
const key = identityKey(INTERNAL_SECRET_KEY);

const start = async (handler: Parameters<typeof createServer>[1]): Promise<{ server: Server; url: string }> => {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

const account = (user_id: string) => ({
  user_id,
  username: user_id.slice(4),
  display_name: `The ${user_id.slice(4)}`,
  email: `${user_id}@example.org`,
  role: 'user',
  status: 'active',
  created_at: START,
  updated_at: START,
});

const file = (id: string) => ({
  id,
  filename: `${id}.png`,
  content_type: 'image/png',
  size: 3,
  sha256: 'ab',
  description: null,
  uploaded_by: 'usr_a',
  created_at: START,
  has_thumbnail: id.endsWith('1'),
});

async function startPeers(): Promise<{ server: Server; url: string }> {
  return await start((req, res) => {
    let text = '';
    req.on('data', (chunk) => {
      text += chunk;
    });
    req.on('end', () => {
      const id = decodeURIComponent(req.url?.split('/').at(-1) ?? '');
      const ids: string[] = text === '' ? [] : (JSON.parse(text).ids ?? []);
      const answer =
        req.method === 'POST' ? { files: ids.filter((one) => !one.includes('ghost')).map(file) } : account(id);
      const missing = req.method === 'GET' && id.includes('ghost');
      res.writeHead(missing ? 404 : 200, { 'content-type': 'application/json' });
      res.end(
        JSON.stringify(missing ? { code: 'RESOURCE_NOT_FOUND', message: 'User not found', details: {} } : answer),
      );
    });
  });
}

type Method = 'get' | 'post' | 'put' | 'delete';

export interface Messages {
  ctx: Context;
  ask(user: string, method: Method, path: string, body?: object, role?: Role): Test;
  inside(method: Method, path: string, body?: object): Test;
  /** POST /messages/ */
  send(user: string, body: object): Test;
  /** Listens as a realtime node that wants these topics. */
  listen(topics: string[]): Promise<{ id: string; records: ReceivedRecord[]; stop(): void }>;
  /** Frames of a room's log, parsed, from its beginning. */
  log(room: string): Promise<Record<string, any>[]>;
  /** Another instance on the same database. */
  twin(): Promise<Messages>;
  close(): Promise<void>;
}

let opened = 0;

export async function openMessages(more: Record<string, unknown> = {}, given?: string): Promise<Messages> {
  const peers = await startPeers();
  const redisUrl = new URL('/9', process.env.TEST_REDIS_URL ?? 'redis://missing').href;
  const env = {
    DATABASE_URL: process.env.TEST_DATABASE_URL,
    REDIS_URL: redisUrl,
    INTERNAL_SECRET_KEY,
    AUTH_INTERNAL_URL: peers.url,
    FILE_INTERNAL_URL: peers.url,
    ...more,
  };
  const { value: config, error } = settings.validate(env, { stripUnknown: true, convert: true });
  if (error !== undefined) throw error;
  const schema = given ?? `message_test_${process.pid}_${opened++}`;
  const maker = knex({ client: 'pg', connection: process.env.TEST_DATABASE_URL });
  if (given === undefined) await maker.raw(`create schema ${schema}`);
  const log = openLog('message', 'message', 'silent');
  const ctx = await open({ config, log, metrics: openMetrics('message', 'message') }, schema);
  const app = openApp({ log, mount: (a) => void a.use(router(ctx, key, [...routes, ...internalRoutes])) });
  const { server, url } = await start(app);
  const call = (as: Identity, method: Method, path: string, body?: object): Test => {
    const request = supertest(url)[method](path).set(IDENTITY_HEADER, sealIdentity(key, as));
    return body === undefined ? request : request.send(body);
  };
  const self: Messages = {
    ctx,
    ask: (user_id, method, path, body, role = 'user') =>
      call({ kind: 'user', user_id, session_id: 'ses_1', role, ip: '192.0.2.1' }, method, path, body),
    inside: (method, path, body) => call({ kind: 'service', service: 'test' }, method, path, body),
    send: (user, body) => self.ask(user, 'post', '/messages/', body),
    async listen(topics) {
      const node = `node_${process.pid}_${opened++}`;
      const redis = new Redis(redisUrl);
      const commands = new Redis(redisUrl);
      const records: ReceivedRecord[] = [];
      redis.on('messageBuffer', (_channel: Buffer, packet: Buffer) => void records.push(...decodePacket(packet)));
      await redis.subscribe(nodeChannel(node));
      await enterTopics(commands, node, topics);
      return { id: node, records, stop: () => [redis, commands].forEach((one) => void one.disconnect()) };
    },
    async log(room) {
      const { body } = await self.inside('post', '/internal/events', { rooms: [{ id: room, after: 0, limit: 1000 }] });
      return body.rooms[0].events.map((event: { frame: string }) => JSON.parse(event.frame));
    },
    twin: () => openMessages(more, schema),
    async close() {
      server.close();
      server.closeAllConnections();
      peers.server.close();
      peers.server.closeAllConnections();
      await close(ctx);
      if (given === undefined) await maker.raw(`drop schema ${schema} cascade`);
      await maker.destroy();
    },
  };
  return self;
}

export const until = async (check: () => Promise<boolean> | boolean, ms = 8000): Promise<void> => {
  for (const end = Date.now() + ms; !(await check()); ) {
    if (Date.now() > end) throw new Error('waited too long');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
