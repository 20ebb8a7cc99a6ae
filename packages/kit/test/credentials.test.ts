import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import type { RateLimiter } from '../src/auth/rate-limiter.ts';
import {
  type Credentials,
  createCredentials,
  credentialHash,
  type Grant,
  type Person,
} from '../src/auth/verify-credential.ts';
import { type AppError, unavailable } from '../src/errors.ts';
import { createLog } from '../src/log.ts';

const log = createLog('test', 'test', 'silent');
const token = (letter: string, prefix = 'cak'): string => `${prefix}_${letter.repeat(43)}`;
const grantOf = (letter: string, more: Partial<Grant> = {}): Grant => ({
  id: `key_${letter}`,
  kind: 'key',
  user_id: `key_${letter}`,
  role: 'user',
  status: 'active',
  scopes: ['users:read'],
  expires_at: null,
  as_of: new Date().toISOString(),
  ...more,
});
const ANN: Person = { user_id: 'usr_ann', role: 'user', status: 'active', as_of: new Date().toISOString() };

interface Auth {
  grants: Map<string, Grant>;
  people: Person[];
  asked: string[];
  away: boolean;
  /** Held until it is resolved. */
  gate: Promise<void>;
}

const opened: Credentials[] = [];

function open(limit = 100): { auth: Auth; credentials: Credentials } {
  const auth: Auth = { grants: new Map(), people: [ANN], asked: [], away: false, gate: Promise.resolve() };
  let taken = 0;
  const limiter = {
    take: async () => ({ allowed: ++taken <= limit, limit, remaining: 0, reset: 0, retry_after_s: 1 }),
  } as unknown as RateLimiter;
  const answers: Record<string, (body: any) => unknown> = {
    '/internal/credentials/find': ({ token_hash }) => ({ grant: auth.grants.get(token_hash) ?? null }),
    '/internal/people/find': ({ user_id }) => ({ person: auth.people.find((one) => one.user_id === user_id) ?? null }),
    '/internal/credentials/used': ({ used }) => void auth.asked.push(...used.map(({ id }: { id: string }) => id)),
  };
  const call = async <T>(_method: 'POST', path: string, { body }: { body: unknown }): Promise<T> => {
    if (auth.away) throw unavailable('auth');
    auth.asked.push(path);
    const answer = answers[path]?.(body);
    await auth.gate;
    return answer as T;
  };
  const credentials = createCredentials({ auth: { call }, log, limiter });
  opened.push(credentials);
  return { auth, credentials };
}

const allow = (auth: Auth, letter: string, more: Partial<Grant> = {}): void =>
  void auth.grants.set(credentialHash(token(letter)), grantOf(letter, more));
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'accepted',
    (error: AppError) => error.code,
  );
const questions = ({ asked }: Auth): number => asked.filter((path) => path === '/internal/credentials/find').length;

describe('keys and bot tokens at a gateway', () => {
  // What they do at times would keep the process of the tests alive.
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
  });

  it('asks auth once for each, also when many requests come at once', async () => {
    const { auth, credentials } = open();
    allow(auth, 'a');
    await Promise.all(Array.from({ length: 20 }, () => credentials.verify(token('a'), 'ip')));
    const claims = await credentials.verify(token('a'), 'ip');
    expect(claims).to.include({ user_id: 'key_a', session_id: 'key_a', kind: 'key' });
    expect(questions(auth)).to.equal(1);
  });

  it('a known one works while auth is away; an unknown one is SERVICE_UNAVAILABLE', async () => {
    const { auth, credentials } = open();
    allow(auth, 'a');
    await credentials.verify(token('a'), 'ip');
    auth.away = true;
    await credentials.verify(token('a'), 'ip');
    expect(await codeOf(credentials.verify(token('b'), 'ip'))).to.equal('SERVICE_UNAVAILABLE');
  });

  it('refuses what has no form of a token without asking, and asks for a wrong one once', async () => {
    const { auth, credentials } = open();
    for (const bad of ['cak_', `${token('a')}a`, token('a').slice(0, -1), `cak_${'é'.repeat(43)}`])
      expect(await codeOf(credentials.verify(bad, 'ip'))).to.equal('AUTHENTICATION_ERROR');
    expect(questions(auth)).to.equal(0);
    for (let i = 0; i < 3; i++)
      expect(await codeOf(credentials.verify(token('x'), 'ip'))).to.equal('AUTHENTICATION_ERROR');
    expect(questions(auth)).to.equal(1);
  });

  it('limits the questions of an address', async () => {
    const { auth, credentials } = open(2);
    const codes = [];
    for (const letter of 'wxyz') codes.push(await codeOf(credentials.verify(token(letter), 'ip')));
    expect(codes).to.deep.equal([
      'AUTHENTICATION_ERROR',
      'AUTHENTICATION_ERROR',
      'RATE_LIMIT_EXCEEDED',
      'RATE_LIMIT_EXCEEDED',
    ]);
    expect(questions(auth)).to.equal(2);
  });

  it('refuses an expired one, a banned bot and a deactivated bot', async () => {
    const { auth, credentials } = open();
    allow(auth, 'a', { expires_at: new Date(Date.now() - 1).toISOString() });
    allow(auth, 'b', { status: 'banned' });
    allow(auth, 'c', { status: 'deactivated' });
    expect(await codeOf(credentials.verify(token('a'), 'ip'))).to.equal('AUTHENTICATION_ERROR');
    expect(await codeOf(credentials.verify(token('b'), 'ip'))).to.equal('AUTHORIZATION_ERROR');
    expect(await codeOf(credentials.verify(token('c'), 'ip'))).to.equal('AUTHORIZATION_ERROR');
  });

  it('asks again after a revocation of the token or of its account', async () => {
    const { auth, credentials } = open();
    allow(auth, 'a', { user_id: 'usr_bot', kind: 'bot' });
    for (const subject of ['key_a', 'usr_bot', 'usr_other']) {
      await credentials.verify(token('a'), 'ip');
      credentials.forget({ subject });
    }
    await credentials.verify(token('a'), 'ip');
    expect(questions(auth)).to.equal(3);
  });

  it('does not keep an answer that was under way when a revocation arrived', async () => {
    const { auth, credentials } = open();
    allow(auth, 'a');
    let release = (): void => undefined;
    auth.gate = new Promise((resolve) => (release = resolve));
    const first = credentials.verify(token('a'), 'ip');
    await turn();
    auth.grants.clear();
    credentials.forget({ subject: 'key_a' });
    release();
    await first;
    expect(await codeOf(credentials.verify(token('a'), 'ip'))).to.equal('AUTHENTICATION_ERROR');
  });

  it('finds people once, until something about them is revoked', async () => {
    const { auth, credentials } = open();
    expect(await credentials.person({ user_id: 'usr_ann' })).to.deep.equal(ANN);
    await credentials.person({ user_id: 'usr_ann' });
    credentials.forget({ subject: 'usr_ann' });
    auth.people = [];
    expect(await credentials.person({ user_id: 'usr_ann' })).to.equal(undefined);
    expect(auth.asked.length).to.equal(2);
  });

  it('tells auth of the last use together, and again when auth was away', async () => {
    const { auth, credentials } = open();
    allow(auth, 'a');
    allow(auth, 'b');
    await credentials.verify(token('a'), 'ip');
    await credentials.verify(token('b'), 'ip');
    await credentials.close();
    expect(auth.asked.slice(2)).to.deep.equal(['/internal/credentials/used', 'key_a', 'key_b']);
  });
});
