// The service as its callers meet it: its routes over a database, Redis and folder of its own, and stand-ins for message and auth.

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import knex from 'knex';
import { schema } from '../src/config.ts';
import { type Context, close, open } from '../src/context.ts';
import { internalRoutes } from '../src/internal-routes.ts';
import { routes } from '../src/routes.ts';

const SECRET = 'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8';
const key = identityKey(SECRET);

export const as = (user_id: string, role: Role = 'user'): Record<string, string> =>
  seal({ kind: 'user', user_id, session_id: 's', role, ip: '1.2.3.4' });
export const nobody = (): Record<string, string> => seal({ kind: 'anonymous', ip: '1.2.3.4' });
export const service = (): Record<string, string> => seal({ kind: 'service', service: 'message' });
const seal = (identity: Identity): Record<string, string> => ({ [IDENTITY_HEADER]: sealIdentity(key, identity) });

export const until = async (check: () => Promise<boolean> | boolean, ms = 15_000): Promise<void> => {
  for (const end = Date.now() + ms; !(await check()); ) {
    if (Date.now() > end) throw new Error('waited too long');
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
};

/** Message, for a file's readers, and auth, for accounts. */
async function startPeers(readers: Set<string>, banned: Set<string>): Promise<{ url: string; close(): void }> {
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '', 'http://x');
    const [, , kind, id] = url.pathname.split('/') as [string, string, string, string];
    const answer =
      kind === 'accounts'
        ? { role: 'user', status: banned.has(id) ? 'banned' : 'active' }
        : { allowed: readers.has(`${id} ${url.searchParams.get('user_id')}`) };
    res.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => void server.close().closeAllConnections(),
  };
}

export interface Running {
  ctx: Context;
  app: ReturnType<typeof openApp>;
  folder: string;
  /** `<file id> <user id>`: what message would allow. */
  readers: Set<string>;
  banned: Set<string>;
  /** Names of all stored objects and pieces. */
  stored(): Promise<string[]>;
  stop(): Promise<void>;
}

export interface Place {
  /** What the service must be told to live here. */
  settings: Record<string, unknown>;
  folder: string;
  readers: Set<string>;
  banned: Set<string>;
  stored(): Promise<string[]>;
  leave(): Promise<void>;
}

/** A database and folder of its own. */
export async function openPlace(): Promise<Place> {
  const url = new URL(process.env.TEST_DATABASE_URL ?? '');
  const name = `file_test_${process.pid}_${Date.now()}`;
  const root = knex({ client: 'pg', connection: url.href, pool: { min: 0, max: 1 } });
  await root.raw(`create database ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  const fresh = knex({ client: 'pg', connection: own.href, pool: { min: 0, max: 1 } });
  await fresh.raw('create schema files');
  await fresh.destroy();
  const folder = await mkdtemp(join(tmpdir(), 'chatapi-file-'));
  const readers = new Set<string>();
  const banned = new Set<string>();
  const peers = await startPeers(readers, banned);
  const entries = () => readdir(folder, { recursive: true, withFileTypes: true });
  return {
    settings: {
      DATABASE_URL: own.href,
      REDIS_URL: `${process.env.TEST_REDIS_URL}/4`,
      INTERNAL_SECRET_KEY: SECRET,
      UPLOAD_DIR: folder,
      MESSAGE_INTERNAL_URL: peers.url,
      AUTH_INTERNAL_URL: peers.url,
      LOG_LEVEL: 'silent',
    },
    folder,
    readers,
    banned,
    stored: async () => (await entries()).filter((e) => e.isFile()).map((e) => e.name),
    async leave() {
      peers.close();
      await root.raw(`drop database ${name} with (force)`);
      await root.destroy();
      await rm(folder, { recursive: true });
    },
  };
}

export async function start(settings: Record<string, unknown> = {}): Promise<Running> {
  const { leave, settings: here, ...place } = await openPlace();
  const { value: config, error } = schema.validate({ ...here, ...settings }, { stripUnknown: true });
  if (error !== undefined) throw error;
  const log = openLog('file', 'test', config.LOG_LEVEL);
  const ctx = await open({ config, log, metrics: openMetrics('file', 'test') });
  await until(() => ctx.redis.status === 'ready');
  const app = openApp({ log, mount: (a) => void a.use(router(ctx, key, [...routes, ...internalRoutes])) });
  return {
    ...place,
    ctx,
    app,
    async stop() {
      await close(ctx);
      await leave();
    },
  };
}
