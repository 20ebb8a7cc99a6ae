// The admin service with a database and Redis of its own, and stubs of other services.
import { createApp, router } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import { type Knex, migrate } from '@chatapi/kit/data';
import {
  anonymousIdentity,
  eventually,
  identityHeader,
  keySettings,
  parseSettings,
  startStubServer,
  testBase,
  userIdentity,
} from '@chatapi/kit/testing';
import knex from 'knex';
import { schema } from '../src/config.ts';
import type { Context } from '../src/context.ts';
import { schema as ownSchema } from '../src/migrations/index.ts';
import { close, open } from '../src/open.ts';
import { routes } from '../src/routes.ts';

export const as = (role: Role, user_id = `usr_${role}`): Record<string, string> =>
  identityHeader('admin', userIdentity(user_id, role));
export const anonymous = (): Record<string, string> => identityHeader('admin', anonymousIdentity());

interface Asked {
  method: string;
  path: string;
  query: Record<string, string>;
  body: any;
}

/** Responds with the result of `answer`, `[status, body]`, or not at all. Records its requests. */
export interface StandIn {
  url: string;
  asked: Asked[];
  answer: (asked: Asked) => [number, unknown] | undefined | Promise<[number, unknown] | undefined>;
  stop(): Promise<void>;
}

export async function standIn(answer: StandIn['answer']): Promise<StandIn> {
  const self: StandIn = { url: '', asked: [], answer, stop: () => server.stop() };
  const server = await startStubServer(async (req, res) => {
    const parts: Buffer[] = [];
    for await (const part of req) parts.push(part as Buffer);
    const url = new URL(req.url ?? '', 'http://x');
    const text = Buffer.concat(parts).toString();
    const asked = {
      method: req.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body: text === '' ? undefined : JSON.parse(text),
    };
    self.asked.push(asked);
    const said = await self.answer(asked);
    if (said === undefined) return;
    res
      .writeHead(said[0], { 'content-type': 'application/json' })
      .end(said[1] === undefined ? '' : JSON.stringify(said[1]));
  });
  self.url = server.url;
  return self;
}

export const ERROR = (code: string, status: number): [number, unknown] => [
  status,
  { error: true, code, message: 'no', details: {}, timestamp: '', request_id: 'r' },
];

export interface Running {
  ctx: Context;
  app: ReturnType<typeof createApp>;
  /** A connection as superuser. */
  root: Knex;
  stop(): Promise<void>;
}

/** A provisioned database. The service connects with its own role; `root` is a superuser. */
async function copyProvisioned(): Promise<{ own: string; root: Knex; drop(): Promise<void> }> {
  const provisioned = new URL(process.env.TEST_DATABASE_URL ?? '');
  const name = `admin_test_${process.pid}_${Date.now()}`;
  const urlOf = (database: string, user = provisioned.username, password = provisioned.password): string =>
    Object.assign(new URL(provisioned), { pathname: `/${database}`, username: user, password }).href;
  const enter = (connection: string): Knex => knex({ client: 'pg', connection, pool: { min: 0, max: 1 } });
  const server = enter(urlOf('postgres'));
  await server.raw('create database ?? template ??', [name, provisioned.pathname.slice(1)]);
  const root = enter(urlOf(name));
  return {
    own: urlOf(name, 'chatapi_admin', JSON.parse(process.env.TEST_ROLE_PASSWORDS ?? '{}').chatapi_admin),
    root,
    async drop() {
      await root.destroy();
      await server.raw('drop database ?? with (force)', [name]);
      await server.destroy();
    },
  };
}

export async function start(settings: Record<string, unknown> = {}): Promise<Running> {
  const { own, root, drop } = await copyProvisioned();
  const config = parseSettings(schema, {
    DATABASE_URL: own,
    REDIS_URL: `${process.env.TEST_REDIS_URL}/5`,
    ...keySettings('admin'),
    LOG_LEVEL: 'silent',
    ...settings,
  });
  const base = testBase('admin', config);
  await migrate(config, ownSchema, base.log);
  const ctx = await open(base);
  await eventually(() => ctx.redis.status === 'ready');
  return {
    ctx,
    app: createApp({ log: base.log, mount: (a) => void a.use(router(ctx, ctx.keys, routes)) }),
    root,
    async stop() {
      await close(ctx);
      await drop();
    },
  };
}
