// The service as its callers meet it: its routes over a database and Redis of its own, and stand-ins for other services.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  IDENTITY_HEADER,
  type Identity,
  identityKey,
  type Knex,
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
import { routes } from '../src/routes.ts';

const SECRET = 'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8';
const key = identityKey(SECRET);
const seal = (identity: Identity): Record<string, string> => ({ [IDENTITY_HEADER]: sealIdentity(key, identity) });

export const as = (role: Role, user_id = `usr_${role}`): Record<string, string> =>
  seal({ kind: 'user', user_id, session_id: 's', role, ip: '1.2.3.4' });
export const nobody = (): Record<string, string> => seal({ kind: 'anonymous', ip: '1.2.3.4' });

export const until = async (check: () => Promise<boolean> | boolean, ms = 8000): Promise<void> => {
  for (const end = Date.now() + ms; !(await check()); ) {
    if (Date.now() > end) throw new Error('waited too long');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

export interface Asked {
  method: string;
  path: string;
  query: Record<string, string>;
  body: any;
}

/** Answers what `answer` says: `[status, body]`, or nothing at all. Notes what it was asked. */
export interface StandIn {
  url: string;
  asked: Asked[];
  answer: (asked: Asked) => [number, unknown] | undefined | Promise<[number, unknown] | undefined>;
  close(): void;
}

export async function standIn(answer: StandIn['answer']): Promise<StandIn> {
  const self: StandIn = { url: '', asked: [], answer, close: () => void server.close().closeAllConnections() };
  const server: Server = createServer(async (req, res) => {
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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return self;
}

export const ERROR = (code: string, status: number): [number, unknown] => [
  status,
  { error: true, code, message: 'no', details: {}, timestamp: '', request_id: 'r' },
];

export interface Running {
  ctx: Context;
  app: ReturnType<typeof openApp>;
  /** As a superuser, beside the service's own role. */
  root: Knex;
  stop(): Promise<void>;
}

/** A database as provisioning leaves it. The service enters it by its own role, `root` may do anything in it. */
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
    own: urlOf(name, 'chatapi_admin', process.env.TEST_ROLE_PASSWORD),
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
  const { value: config, error } = schema.validate(
    {
      DATABASE_URL: own,
      REDIS_URL: `${process.env.TEST_REDIS_URL}/5`,
      INTERNAL_SECRET_KEY: SECRET,
      LOG_LEVEL: 'silent',
      ...settings,
    },
    { stripUnknown: true },
  );
  if (error !== undefined) throw error;
  const log = openLog('admin', 'test', config.LOG_LEVEL);
  const ctx = await open({ config, log, metrics: openMetrics('admin', 'test') });
  await until(() => ctx.redis.status === 'ready');
  return {
    ctx,
    app: openApp({ log, mount: (a) => void a.use(router(ctx, key, routes)) }),
    root,
    async stop() {
      await close(ctx);
      await drop();
    },
  };
}
