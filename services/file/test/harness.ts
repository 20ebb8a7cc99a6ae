// The file service with a database, Redis and folder of its own, and stubs of message and auth.

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, createLog, router } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import { migrate } from '@chatapi/kit/data';
import {
  anonymousIdentity,
  eventually,
  identityHeader,
  keySettings,
  parseSettings,
  type StubServer,
  serviceIdentity,
  startStubServer,
  testBase,
  userIdentity,
} from '@chatapi/kit/testing';
import knex from 'knex';
import { schema } from '../src/config.ts';
import type { Context } from '../src/context.ts';
import { internalRoutes } from '../src/internal-routes.ts';
import { schema as ownSchema } from '../src/migrations/index.ts';
import { close, open } from '../src/open.ts';
import { routes } from '../src/routes.ts';

export const as = (user_id: string, role?: Role): Record<string, string> =>
  identityHeader('file', userIdentity(user_id, role));
export const anonymous = (): Record<string, string> => identityHeader('file', anonymousIdentity());
export const service = (): Record<string, string> => identityHeader('file', serviceIdentity('message'));

/**
 * A stub of message, for the readers of a file, of auth, for accounts, and of user, for avatars: it
 * cuts requests for the user `profiles.get('away')`.
 */
const startStubs = (
  readers: Set<string>,
  banned: Set<string>,
  profiles: Map<string, string | null>,
): Promise<StubServer> =>
  startStubServer(async (req, res) => {
    const url = new URL(req.url ?? '', 'http://x');
    const [, , kind, id] = url.pathname.split('/') as [string, string, string, string];
    res.setHeader('content-type', 'application/json');
    if (kind === 'avatars' || kind === 'profiles') {
      const { user_id, avatar_url, ids } = JSON.parse(Buffer.concat(await req.toArray()).toString());
      if (kind === 'profiles') {
        const known = ids.filter((one: string) => profiles.has(one));
        const shown = known.map((one: string) => ({ user_id: one, avatar_url: profiles.get(one) }));
        return void res.end(JSON.stringify({ profiles: shown }));
      }
      if (profiles.get('away') === user_id) return void res.destroy();
      const replaced = profiles.get(user_id) ?? null;
      profiles.set(user_id, avatar_url);
      return void res.end(JSON.stringify({ user: { id: user_id, avatar_url }, replaced }));
    }
    const answer =
      kind === 'accounts'
        ? { role: 'user', status: banned.has(id) ? 'banned' : 'active' }
        : { allowed: readers.has(`${id} ${url.searchParams.get('user_id')}`) };
    res.end(JSON.stringify(answer));
  });

export interface Running {
  ctx: Context;
  app: ReturnType<typeof createApp>;
  folder: string;
  /** `<file id> <user id>` pairs that message allows. */
  readers: Set<string>;
  banned: Set<string>;
  /** Addresses of avatars by user id. */
  profiles: Map<string, string | null>;
  /** Names of all stored objects and unfinished uploads. */
  stored(): Promise<string[]>;
  stop(): Promise<void>;
}

export interface Place {
  /** Settings of the service for this database and folder. */
  settings: Record<string, unknown>;
  folder: string;
  readers: Set<string>;
  banned: Set<string>;
  profiles: Map<string, string | null>;
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
  await migrate({ DATABASE_URL: own.href, DATABASE_POOL: 2 }, ownSchema, createLog('file', 'test', 'silent'));
  const folder = await mkdtemp(join(tmpdir(), 'chatapi-file-'));
  const readers = new Set<string>();
  const banned = new Set<string>();
  const profiles = new Map<string, string | null>();
  const stubs = await startStubs(readers, banned, profiles);
  const entries = () => readdir(folder, { recursive: true, withFileTypes: true });
  return {
    settings: {
      DATABASE_URL: own.href,
      REDIS_URL: `${process.env.TEST_REDIS_URL}/4`,
      ...keySettings('file'),
      FILE_LINK_SECRET: 'tests-sign-links-with-this-0123456789',
      UPLOAD_DIR: folder,
      MESSAGE_INTERNAL_URL: stubs.url,
      AUTH_INTERNAL_URL: stubs.url,
      USER_INTERNAL_URL: stubs.url,
      LOG_LEVEL: 'silent',
    },
    folder,
    readers,
    banned,
    profiles,
    stored: async () => (await entries()).filter((e) => e.isFile()).map((e) => e.name),
    async leave() {
      await stubs.stop();
      await root.raw(`drop database ${name} with (force)`);
      await root.destroy();
      await rm(folder, { recursive: true });
    },
  };
}

export async function start(settings: Record<string, unknown> = {}): Promise<Running> {
  const { leave, settings: here, ...place } = await openPlace();
  const base = testBase('file', parseSettings(schema, { ...here, ...settings }));
  const ctx = await open(base);
  await eventually(() => ctx.redis.status === 'ready');
  const app = createApp({
    log: base.log,
    mount: (a) => void a.use(router(ctx, ctx.keys, [...routes, ...internalRoutes])),
  });
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
