// The user service in the test process: real PostgreSQL and Redis, a schema of its own, and a stub
// of auth over HTTP that knows `accounts`.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account } from '@chatapi/bus';
import type { Identity, Role } from '@chatapi/kit/auth';
import {
  anonymousIdentity,
  callerOf,
  createTestSchema,
  identityHeader,
  keySettings,
  parseSettings,
  serveRoutes,
  serviceIdentity,
  startStubServer,
  testBase,
  userIdentity,
} from '@chatapi/kit/testing';
import supertest, { type Test } from 'supertest';
import { schema as settings } from '../src/config.ts';
import type { Context } from '../src/context.ts';
import { internalRoutes } from '../src/internal-routes.ts';
import { schema as ownSchema } from '../src/migrations/index.ts';
import { close, open } from '../src/open.ts';
import { routes } from '../src/routes.ts';

export type KnownAccount = Account & { display_name: string };
type Method = 'get' | 'post' | 'put';

export interface User {
  ctx: Context;
  accounts: Map<string, KnownAccount>;
  /** Ids that auth was asked for, several at a time. */
  asked: string[];
  /** Whether auth cuts those requests. */
  authFails: boolean;
  ask(method: Method, path: string, as?: Identity): Test;
  inside(method: Method, path: string): Test;
  as(userId: string, role?: Role): Identity;
  close(): Promise<void>;
}

export async function openUser(more: Record<string, string> = {}): Promise<User> {
  const accounts = new Map<string, KnownAccount>();
  const asked: string[] = [];
  async function byIds(req: IncomingMessage, res: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of req) text += chunk;
    asked.push(...(JSON.parse(text).ids as string[]));
    if (self.authFails) return void res.destroy();
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ accounts: (JSON.parse(text).ids as string[]).flatMap((id) => accounts.get(id) ?? []) }));
  }
  const auth = await startStubServer((req, res) => {
    if (req.url === '/internal/accounts/by-ids') return void byIds(req, res);
    const account = accounts.get(req.url?.split('/').at(-1) ?? '');
    res.writeHead(account === undefined ? 404 : 200, { 'content-type': 'application/json' });
    res.end(JSON.stringify(account ?? { code: 'RESOURCE_NOT_FOUND', message: 'User not found', details: {} }));
  });
  const config = parseSettings(settings, {
    DATABASE_URL: process.env.TEST_DATABASE_URL,
    REDIS_URL: new URL('/8', process.env.TEST_REDIS_URL ?? 'redis://missing').href,
    ...keySettings('user'),
    AUTH_INTERNAL_URL: auth.url,
    ...more,
  });
  const schema = await createTestSchema('user', config, ownSchema);
  const ctx = await open(testBase('user', config), schema.name);
  const server = await serveRoutes({ ctx, routes: [...routes, ...internalRoutes] });
  const ask: User['ask'] = (method, path, as = anonymousIdentity()) =>
    supertest(server.url)[method](path).set(identityHeader('user', as));
  const self: User = {
    ctx,
    accounts,
    asked,
    authFails: false,
    ask,
    inside: (method, path) => ask(method, path, serviceIdentity(callerOf(internalRoutes, method, path))),
    as: userIdentity,
    async close() {
      await Promise.all([server.stop(), auth.stop()]);
      await close(ctx);
      await schema.drop();
    },
  };
  return self;
}

/** A time on one fixed day. */
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
