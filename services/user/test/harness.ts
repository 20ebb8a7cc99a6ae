// A whole user service inside the test's process: real PostgreSQL and Redis, own schema; auth is an HTTP server that knows `accounts`.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Account } from '@chatapi/bus';
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
import supertest, { type Test } from 'supertest';
import { schema as settings } from '../src/config.ts';
import { type Context, close, open } from '../src/context.ts';
import { internalRoutes } from '../src/internal-routes.ts';
import { routes } from '../src/routes.ts';

const INTERNAL_SECRET_KEY = 'only-for-tests-0123456789-abcdefghij';
const start = async (handler: Parameters<typeof createServer>[1]): Promise<{ server: Server; url: string }> => {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

export type KnownAccount = Account & { display_name: string };
type Method = 'get' | 'post' | 'put';

export interface User {
  ctx: Context;
  accounts: Map<string, KnownAccount>;
  ask(method: Method, path: string, as?: Identity): Test;
  inside(method: Method, path: string): Test;
  as(userId: string, role?: Role): Identity;
  close(): Promise<void>;
}

let opened = 0;

export async function openUser(more: Record<string, string> = {}): Promise<User> {
  const accounts = new Map<string, KnownAccount>();
  const auth = await start((req, res) => {
    const account = accounts.get(req.url?.split('/').at(-1) ?? '');
    res.writeHead(account === undefined ? 404 : 200, { 'content-type': 'application/json' });
    res.end(JSON.stringify(account ?? { code: 'RESOURCE_NOT_FOUND', message: 'User not found', details: {} }));
  });
  const env = {
    DATABASE_URL: process.env.TEST_DATABASE_URL,
    REDIS_URL: new URL('/8', process.env.TEST_REDIS_URL ?? 'redis://missing').href,
    INTERNAL_SECRET_KEY,
    AUTH_INTERNAL_URL: auth.url,
    ...more,
  };
  const { value: config, error } = settings.validate(env, { stripUnknown: true, convert: true });
  if (error !== undefined) throw error;
  const schema = `user_test_${process.pid}_${opened++}`;
  const maker = knex({ client: 'pg', connection: config.DATABASE_URL });
  await maker.raw(`create schema ${schema}`);
  const log = openLog('user', 'user', 'silent');
  const ctx = await open({ config, log, metrics: openMetrics('user', 'user') }, schema);
  const key = identityKey(INTERNAL_SECRET_KEY);
  const app = openApp({ log, mount: (a) => void a.use(router(ctx, key, [...routes, ...internalRoutes])) });
  const { server, url } = await start(app);
  const ask: User['ask'] = (method, path, as = { kind: 'anonymous', ip: '192.0.2.1' }) =>
    supertest(url)[method](path).set(IDENTITY_HEADER, sealIdentity(key, as));
  return {
    ctx,
    accounts,
    ask,
    inside: (method, path) => ask(method, path, { kind: 'service', service: 'test' }),
    as: (user_id, role = 'user') => ({ kind: 'user', user_id, session_id: 'ses_1', role, ip: '192.0.2.1' }),
    async close() {
      server.close();
      auth.server.close();
      auth.server.closeAllConnections();
      await close(ctx);
      await maker.raw(`drop schema ${schema} cascade`);
      await maker.destroy();
    },
  };
}

/** A moment of one day. */
export const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString();
export const account = (user_id: string, more: Partial<Account> = {}): Account => ({
  user_id,
  username: user_id.replace('usr_', ''),
  email: `${user_id}@example.com`,
  role: 'user',
  status: 'active',
  created_at: at(0),
  updated_at: at(0),
  ...more,
});
