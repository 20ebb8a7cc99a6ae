import { globSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { createLog, createMetrics } from '@chatapi/kit';
import { testKeys } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { ensureFirstAdmin } from '../src/first-admin.ts';
import { open, ready } from '../src/open.ts';
import { createHasher } from '../src/password-hasher.ts';
import { startSweeps } from '../src/sweeps.ts';
import { type Auth, configOf, openAuth } from './harness.ts';

const ADMIN = { ADMIN_USERNAME: 'admin', ADMIN_EMAIL: 'admin@example.com', ADMIN_PASSWORD: 'the first admin 1' };

describe('the first admin', () => {
  it('is created once by three instances at once, and not reset by a later start', async () => {
    const auth = await openAuth();
    const opened: Auth[] = [];
    try {
      opened.push(...(await Promise.all([1, 2, 3].map(() => openAuth(ADMIN, auth.schema)))));
      expect(await auth.ctx.db('accounts').where('role', 'admin')).to.have.length(1);
      const { status, body } = await auth.login('admin', ADMIN.ADMIN_PASSWORD);
      expect([status, body.user?.role]).to.deep.equal([200, 'admin']);
      opened.push(await openAuth({ ...ADMIN, ADMIN_PASSWORD: 'another one 22' }, auth.schema));
      expect((await auth.login('admin', ADMIN.ADMIN_PASSWORD)).status).to.equal(200);
      expect((await auth.login('admin', 'another one 22')).status).to.equal(401);
    } finally {
      await Promise.all(opened.map((one) => one.close()));
      await auth.close();
    }
  });

  it('is not created when a user has the name already', async () => {
    const auth = await openAuth();
    try {
      await auth.register('admin');
      const later = await openAuth(ADMIN, auth.schema);
      await later.close();
      expect(await auth.ctx.db('accounts').where('role', 'admin')).to.deep.equal([]);
    } finally {
      await auth.close();
    }
  });

  it('is created by the faster of two instances', async () => {
    const auth = await openAuth();
    try {
      const config = configOf(ADMIN);
      const hasher = {
        ...auth.ctx.hasher,
        hash: async (password: string) => {
          await auth.register('admin');
          return auth.ctx.hasher.hash(password);
        },
      };
      await ensureFirstAdmin({ ...auth.ctx, config, hasher });
      expect(await auth.ctx.db('accounts').where('role', 'admin')).to.deep.equal([]);
    } finally {
      await auth.close();
    }
  });
});

describe('the service', () => {
  it('is ready when its database is, and can start again after a failed attempt', async () => {
    const auth = await openAuth();
    await ready(auth.ctx);
    await auth.close();
    const config = configOf({ DATABASE_URL: 'postgresql://x@127.0.0.1:1/x' });
    const failure = await open({
      config,
      keys: testKeys('auth'),
      log: createLog('auth', 'auth', 'silent'),
      metrics: createMetrics('auth', 'auth'),
    }).catch((error: Error) => error);
    expect(failure).to.be.instanceOf(Error);
  });

  it('continues to sweep after a failed sweep', async () => {
    const auth = await openAuth();
    let calls = 0;
    const reads = { query: () => Promise.reject(new Error(`away ${++calls}`)) };
    const sweeps = startSweeps({ ...auth.ctx, reads: reads as never });
    await new Promise((resolve) => setTimeout(resolve, 2300));
    await sweeps.close();
    await auth.close();
    expect(calls).to.be.at.least(2);
  });

  it('returns the profile at login, and does without it when the user service does not answer', async () => {
    const auth = await openAuth();
    try {
      const { id: user_id } = await auth.register('shown');
      const answer = {
        display_name: 'Shown',
        bio: 'hello',
        avatar_url: 'https://example.com/a.png',
        updated_at: '2999-01-01T00:00:00.000Z',
      };
      auth.ctx.users = {
        ...auth.ctx.users,
        call: async () => ({ profiles: [{ user_id, ...answer }] }) as never,
      };
      expect((await auth.login('shown')).body.user).to.include(answer);
      auth.ctx.users = {
        ...auth.ctx.users,
        call: async () => ({ profiles: [{ user_id, ...answer, updated_at: '2000-01-01T00:00:00.000Z' }] }) as never,
      };
      expect((await auth.login('shown')).body.user.updated_at > '2020').to.equal(true);
      auth.ctx.users = { ...auth.ctx.users, call: async () => ({ profiles: [] }) as never };
      expect((await auth.login('shown')).body.user).to.include({ bio: '', display_name: 'shown' });
    } finally {
      await auth.close();
    }
  });
});

describe('the hasher', () => {
  it('runs on threads of lower priority than those that answer requests', async function () {
    if (process.platform !== 'linux') return this.skip();
    await createHasher(4, 1);
    const priorities = (name: string): number[] =>
      globSync('/proc/self/task/*/comm')
        .filter((path) => readFileSync(path, 'utf8').startsWith(name))
        .map((path) => getPriority(Number(path.split('/')[4])));
    expect(new Set(priorities('libuv-worker'))).to.deep.equal(new Set([10]));
    expect(getPriority()).to.be.lessThan(10);
  });

  it('refuses with SERVICE_UNAVAILABLE when the queue is full', async () => {
    const hasher = await createHasher(4, 1);
    const codes = await Promise.all(
      Array.from({ length: 10 }, () =>
        hasher
          .withSlot(() => hasher.hash('x'))
          .then(
            () => 'done',
            (error) => error.code,
          ),
      ),
    );
    expect(codes[0]).to.equal('done');
    expect(codes.at(-1)).to.equal('SERVICE_UNAVAILABLE');
  });

  it('never matches an unknown account, nor more than 72 bytes', async () => {
    const hasher = await createHasher(4, 10);
    expect(await hasher.matches('x', undefined)).to.equal(false);
    const hash = await hasher.hash('x'.repeat(72));
    expect(await hasher.matches('x'.repeat(72), hash)).to.equal(true);
    expect(await hasher.matches('x'.repeat(73), hash)).to.equal(false);
  });
});
