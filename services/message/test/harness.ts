// A message service in the test's process, with real PostgreSQL and Redis and its own schema. Fakes
// of auth and file know all users `usr_…` and files `file_…` except ids that contain `ghost`. Files
// whose id contains `theirs` can be read but not attached. `usr_installation…` are moderators of
// the installation.
import { createSignalCheck, enterTopics, nodeChannel, type ReceivedRecord } from '@chatapi/bus';
import type { Identity, Role } from '@chatapi/kit/auth';
import {
  callerOf,
  createTestSchema,
  identityHeader,
  keySettings,
  parseSettings,
  type StubServer,
  serveRoutes,
  serviceIdentity,
  startStubServer,
  testBase,
  testKeys,
  userIdentity,
} from '@chatapi/kit/testing';
import { Redis } from 'ioredis';
import supertest, { type Test } from 'supertest';
import { schema as settings } from '../src/config.ts';
import type { Context } from '../src/context.ts';
import { internalRoutes } from '../src/internal-routes.ts';
import { schema as ownSchema } from '../src/migrations/index.ts';
import { close, open } from '../src/open.ts';
import { routes } from '../src/routes.ts';

const START = '2026-01-01T00:00:00.000Z';

const account = (user_id: string) => ({
  user_id,
  username: user_id.slice(4),
  display_name: `The ${user_id.slice(4)}`,
  email: `${user_id}@example.org`,
  role: user_id.startsWith('usr_installation') ? 'moderator' : 'user',
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

const isGhost = (id: string): boolean => id.includes('ghost');

/** A fake of auth and file. */
const startFakes = (asked: string[]): Promise<StubServer> =>
  startStubServer((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    let text = '';
    req.on('data', (chunk) => {
      text += chunk;
    });
    req.on('end', () => {
      const ids = (JSON.parse(text).ids as string[]).filter((id) => !isGhost(id));
      const isAuth = req.url?.startsWith('/internal/accounts') ?? false;
      const theirs = (id: string): boolean => id.includes('theirs');
      const files = { files: ids.filter((id) => !theirs(id)).map(file), readable: ids.filter(theirs) };
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify(isAuth ? { accounts: ids.map(account) } : files));
    });
  });

type Method = 'get' | 'post' | 'put' | 'delete';

export interface Messages {
  ctx: Context;
  ask(user: string, method: Method, path: string, body?: object, role?: Role): Test;
  inside(method: Method, path: string, body?: object): Test;
  /** POST /messages/ */
  send(user: string, body: object): Test;
  /** Subscribes as a realtime node to these topics. */
  listen(topics: string[]): Promise<{ id: string; records: ReceivedRecord[]; stop(): void }>;
  /** The parsed frames of a room's log. */
  log(room: string): Promise<Record<string, any>[]>;
  /** Another instance on the same database. */
  twin(): Promise<Messages>;
  /** Requests to auth and file: `POST /internal/…`. */
  asked: string[];
  close(): Promise<void>;
}

let opened = 0;

export async function openMessages(more: Record<string, unknown> = {}, given?: string): Promise<Messages> {
  const asked: string[] = [];
  const fakes = await startFakes(asked);
  const redisUrl = new URL('/9', process.env.TEST_REDIS_URL ?? 'redis://missing').href;
  const config = parseSettings(settings, {
    DATABASE_URL: process.env.TEST_DATABASE_URL,
    REDIS_URL: redisUrl,
    ...keySettings('message'),
    FILE_LINK_SECRET: 'tests-sign-links-with-this-0123456789',
    AUTH_INTERNAL_URL: fakes.url,
    FILE_INTERNAL_URL: fakes.url,
    ...more,
  });
  const schema = await createTestSchema('message', config, ownSchema, given);
  const ctx = await open(testBase('message', config), schema.name);
  const server = await serveRoutes({ ctx, routes: [...routes, ...internalRoutes] });
  const call = (as: Identity, method: Method, path: string, body?: object): Test => {
    const request = supertest(server.url)[method](path).set(identityHeader('message', as));
    return body === undefined ? request : request.send(body);
  };
  const self: Messages = {
    ctx,
    ask: (user_id, method, path, body, role = 'user') => call(userIdentity(user_id, role), method, path, body),
    asked,
    inside: (method, path, body) => call(serviceIdentity(callerOf(internalRoutes, method, path)), method, path, body),
    send: (user, body) => self.ask(user, 'post', '/messages/', body),
    async listen(topics) {
      const node = `node_${process.pid}_${opened++}`;
      const redis = new Redis(redisUrl);
      const commands = new Redis(redisUrl);
      const records: ReceivedRecord[] = [];
      const check = createSignalCheck(testKeys('realtime-gateway'), node);
      redis.on('messageBuffer', (_channel: Buffer, packet: Buffer) => void records.push(...(check.open(packet) ?? [])));
      await redis.subscribe(nodeChannel(node));
      await enterTopics(commands, node, topics);
      return { id: node, records, stop: () => [redis, commands].forEach((one) => void one.disconnect()) };
    },
    async log(room) {
      const { body } = await self.inside('post', '/internal/events', { rooms: [{ id: room, after: 0, limit: 1000 }] });
      return body.rooms[0].events.map((event: { frame: string }) => JSON.parse(event.frame));
    },
    twin: () => openMessages(more, schema.name),
    async close() {
      await Promise.all([server.stop(), fakes.stop()]);
      await close(ctx);
      await schema.drop();
    },
  };
  return self;
}

/** Opens two instances on one database for the suite that calls this, and closes them after it. */
export function openTwo(take: (one: Messages, two: Messages) => void): void {
  const open: Messages[] = [];
  before(async () => {
    const one = await openMessages();
    open.unshift(one);
    const two = await one.twin();
    open.unshift(two);
    take(one, two);
  });
  after(async () => {
    for (const messages of open) await messages.close();
  });
}
