// The auth service with a stub of the user service, asked as an application asks.
import type { Identity } from '@chatapi/kit/auth';
import { startStubServer } from '@chatapi/kit/testing';
import type { Test } from 'supertest';
import { type Auth, openAuth } from './harness.ts';

interface Profile {
  user_id: string;
  display_name: string;
  bio: string;
  avatar_url: string | null;
  custom: Record<string, unknown>;
  updated_at: string;
}

interface Change {
  account: { user_id: string; display_name: string };
  version: number;
  change: {
    display_name?: string;
    bio?: string;
    avatar_url?: string | null;
    told_avatar_url?: string;
    custom?: Record<string, unknown>[];
  };
}

interface UserStub {
  url: string;
  profiles: Map<string, Profile>;
  /** Every change it was told, in order. */
  told: Change[];
  away: boolean;
  stop(): Promise<void>;
}

async function startUserStub(): Promise<UserStub> {
  const profiles = new Map<string, Profile>();
  const told: Change[] = [];
  const apply = ({ account: { user_id, display_name }, change }: Change): string => {
    const updated_at = new Date().toISOString();
    const before = profiles.get(user_id) ?? {
      user_id,
      display_name,
      bio: '',
      avatar_url: null,
      custom: {},
      updated_at,
    };
    const { custom = [], told_avatar_url: _, ...fields } = change;
    profiles.set(user_id, { ...before, ...fields, custom: Object.assign({}, before.custom, ...custom), updated_at });
    return user_id;
  };
  const stub: UserStub = {
    url: '',
    profiles,
    told,
    away: false,
    stop: async () => undefined,
  };
  const server = await startStubServer((req, res) => {
    let text = '';
    req.on('data', (chunk) => {
      text += chunk;
    });
    req.on('end', () => {
      const { changes, ids } = JSON.parse(text) as { changes?: Change[]; ids?: string[] };
      if (stub.away) return void res.writeHead(503).end('{}');
      told.push(...(changes ?? []));
      const asked = changes?.map(apply) ?? ids ?? [];
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ profiles: asked.flatMap((id) => profiles.get(id) ?? []) }));
    });
  });
  return Object.assign(stub, { url: server.url, stop: server.stop });
}

export const KEY = 'key_application';

export interface App {
  auth: Auth & { schema: string };
  users: UserStub;
  key: Identity;
  /** By external id, percent-encoded here. */
  put(externalId: string, body?: object): Test;
  get(externalId: string): Test;
  erase(externalId: string): Test;
  post(externalId: string, act: 'deactivate' | 'activate' | 'tokens', body?: object): Test;
  batch(users: unknown): Test;
  /** Payloads of this name about a user, in order. */
  facts(name: string, id?: string): Promise<any[]>;
  stop(): Promise<void>;
}

export async function openApp(more: Record<string, string> = {}): Promise<App> {
  const users = await startUserStub();
  const auth = await openAuth({ USER_INTERNAL_URL: users.url, ...more });
  const key: Identity = {
    kind: 'key',
    user_id: KEY,
    session_id: KEY,
    role: 'user',
    scopes: ['users:read', 'users:write', 'tokens:write'],
    ip: '192.0.2.1',
  };
  const path = (id: string): string => `/app/users/${encodeURIComponent(id)}`;
  return {
    auth,
    users,
    key,
    put: (id, body = {}) => auth.ask('put', path(id), key).send(body),
    get: (id) => auth.ask('get', path(id), key),
    erase: (id) => auth.ask('delete', path(id), key),
    post: (id, act, body = {}) => auth.ask('post', `${path(id)}/${act}`, key).send(body),
    batch: (list) => auth.ask('post', '/app/users/batch', key).send({ users: list }),
    async facts(name, id) {
      const rows: { payload: any }[] = await auth.ctx.db('outbox').where({ name }).orderBy('id').select('payload');
      return rows
        .flatMap(({ payload }) => payload.accounts ?? [payload])
        .filter(({ user_id }) => id === undefined || user_id === id);
    },
    async stop() {
      await auth.close();
      await users.stop();
    },
  };
}

export const outcome = ({ status, body }: { status: number; body: any }): unknown[] => [
  status,
  body.code,
  body.details?.reason,
];
