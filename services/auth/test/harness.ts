// A whole auth service inside the test's process: real PostgreSQL and Redis, own schema, its routes driven by supertest.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  IDENTITY_HEADER,
  type Identity,
  identityKey,
  openApp,
  openLog,
  openMetrics,
  router,
  sealIdentity,
} from '@chatapi/kit';
import supertest, { type Test } from 'supertest';
import { type Config, schema as settings } from '../src/config.ts';
import { type Context, close, open } from '../src/context.ts';
import { internalRoutes } from '../src/internal-routes.ts';
import { routes } from '../src/routes.ts';

export const GOOD = 'securepassword123';
const INTERNAL_SECRET_KEY = 'only-for-tests-0123456789-abcdefghij';

export const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  DATABASE_URL: process.env.TEST_DATABASE_URL ?? '',
  // A numbered database of its own: what is told here must not reach the services that other tests run.
  REDIS_URL: new URL('/7', process.env.TEST_REDIS_URL ?? 'redis://missing').href,
  INTERNAL_SECRET_KEY,
  JWT_SECRET_KEY: 'tests-sign-with-this-0123456789-abcdef',
  LOG_LEVEL: 'silent',
  BCRYPT_COST: '4',
  ...more,
});

export const configOf = (more: Record<string, string> = {}): Config => {
  const { value, error } = settings.validate(environment(more), {
    stripUnknown: true,
    convert: true,
    abortEarly: false,
  });
  if (error !== undefined) throw error;
  return value;
};

export interface Person {
  id: string;
  username: string;
  email: string;
  session_id: string;
  access_token: string;
  refresh_token: string;
}

export interface Auth {
  ctx: Context;
  url: string;
  ask(method: 'get' | 'post' | 'put' | 'delete', path: string, as?: Identity): Test;
  anonymous(ip?: string): Identity;
  as(person: Person): Identity;
  inside(method: 'get' | 'post' | 'put' | 'delete', path: string): Test;
  register(username: string, more?: object): Promise<Person>;
  login(name: string, password?: string, ip?: string): Test;
  close(): Promise<void>;
}

export const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());

export function personOf(body: Record<string, any>): Person {
  const { id, username, email } = body.user;
  return {
    id,
    username,
    email,
    session_id: String(claimsOf(body.access_token).sid),
    access_token: body.access_token,
    refresh_token: body.refresh_token,
  };
}

let opened = 0;

export async function openAuth(
  more: Record<string, string> = {},
  sharedSchema?: string,
): Promise<Auth & { schema: string }> {
  const schema = sharedSchema ?? `auth_test_${process.pid}_${opened++}`;
  const config = configOf(more);
  const base = { config, log: openLog('auth', 'auth', 'silent'), metrics: openMetrics('auth', 'auth') };
  const { default: knex } = await import('knex');
  const maker = knex({ client: 'pg', connection: config.DATABASE_URL });
  await maker.raw(`create schema if not exists ${schema}`);
  const ctx = await open(base, schema);
  const key = identityKey(INTERNAL_SECRET_KEY);
  const app = openApp({ log: base.log, mount: (a) => void a.use(router(ctx, key, [...routes, ...internalRoutes])) });
  const server: Server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const anonymous = (ip = '192.0.2.1'): Identity => ({ kind: 'anonymous', ip, user_agent: 'mocha' });
  const ask: Auth['ask'] = (method, path, as = anonymous()) =>
    supertest(url)[method](path).set(IDENTITY_HEADER, sealIdentity(key, as));
  return {
    ctx,
    schema,
    url,
    ask,
    anonymous,
    as: ({ id, session_id }) => ({
      kind: 'user',
      user_id: id,
      session_id,
      role: 'user',
      ip: '192.0.2.1',
      user_agent: 'mocha',
    }),
    inside: (method, path) => ask(method, path, { kind: 'service', service: 'test' }),
    async register(username, body = {}) {
      const answer = await ask('post', '/users/register').send({
        username,
        email: `${username}@example.com`,
        password: GOOD,
        ...body,
      });
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
      return personOf(answer.body);
    },
    login: (name, password = GOOD, ip) =>
      ask('post', '/users/login', anonymous(ip)).send({ username_or_email: name, password }),
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await close(ctx);
      if (sharedSchema === undefined) await maker.raw(`drop schema ${schema} cascade`);
      await maker.destroy();
    },
  };
}
