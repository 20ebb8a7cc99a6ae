// The auth service in the test process: real PostgreSQL and Redis, a schema of its own, supertest.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Identity } from '@chatapi/kit/auth';
import {
  anonymousIdentity,
  callerOf,
  createTestSchema,
  identityHeader,
  keySettings,
  parseSettings,
  serveRoutes,
  serviceIdentity,
  testBase,
  userIdentity,
} from '@chatapi/kit/testing';
import supertest, { type Test } from 'supertest';
import { type Config, schema as settings } from '../src/config.ts';
import type { Context } from '../src/context.ts';
import { internalRoutes } from '../src/internal-routes.ts';
import { schema as ownSchema } from '../src/migrations/index.ts';
import { close, open } from '../src/open.ts';
import { routes } from '../src/routes.ts';

/** Accepted, and checked in 0.5 ms: words and letters that look like digits take 12. */
export const GOOD = 'bdvzqxkfhw';

export const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  DATABASE_URL: process.env.TEST_DATABASE_URL ?? '',
  // A numbered Redis database: facts published here must not reach services of other tests.
  REDIS_URL: new URL('/7', process.env.TEST_REDIS_URL ?? 'redis://missing').href,
  ...keySettings('auth'),
  JWT_SECRET_KEY: 'tests-sign-with-this-0123456789-abcdef',
  LOG_LEVEL: 'silent',
  BCRYPT_COST: '4',
  RATE_LIMIT_LOGIN_ADDRESS: '0',
  MAIL_DIR: join(tmpdir(), `chatapi-mail-${process.pid}`),
  ...more,
});

export const configOf = (more: Record<string, string> = {}): Config => parseSettings(settings, environment(more));

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

export async function openAuth(
  more: Record<string, string> = {},
  sharedSchema?: string,
): Promise<Auth & { schema: string }> {
  const config = configOf(more);
  const schema = await createTestSchema('auth', config, ownSchema, sharedSchema);
  const ctx = await open(testBase('auth', config), schema.name);
  const server = await serveRoutes({ ctx, routes: [...routes, ...internalRoutes] });
  const anonymous = (ip?: string): Identity => ({ ...anonymousIdentity(ip), user_agent: 'mocha' });
  const ask: Auth['ask'] = (method, path, as = anonymous()) =>
    supertest(server.url)[method](path).set(identityHeader('auth', as));
  return {
    ctx,
    schema: schema.name,
    url: server.url,
    ask,
    anonymous,
    as: ({ id, session_id }) => ({ ...userIdentity(id, 'user', session_id), user_agent: 'mocha' }),
    inside: (method, path) => ask(method, path, serviceIdentity(callerOf(internalRoutes, method, path))),
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
      await server.stop();
      await close(ctx);
      await schema.drop();
    },
  };
}
