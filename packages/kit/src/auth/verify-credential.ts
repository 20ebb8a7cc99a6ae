// Application keys (`cak_…`) and bot tokens (`cbt_…`) as the gateways know them. Auth is asked once
// for each; the answer is kept until a revocation of it arrives.
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { AppError } from '../errors.ts';
import type { Log } from '../log.ts';
import { every } from '../recurring.ts';
import { addressKey } from './address-key.ts';
import { limitExceeded, type RateLimiter } from './rate-limiter.ts';
import type { RevocationRecord } from './revocations.ts';
import type { Scope } from './scopes.ts';
import type { Role } from './signed-identity.ts';
import type { AccessClaims } from './verify-access-token.ts';

export type AccountStatus = 'active' | 'banned' | 'deactivated';

/** What auth says about a key or a bot token. */
export interface Grant {
  id: string;
  kind: 'bot' | 'key';
  /** The bot's account; for a key its own id. */
  user_id: string;
  role: Role;
  status: AccountStatus;
  scopes: Scope[];
  rooms?: string[];
  expires_at: string | null;
  /** Time of the answer by the database's clock, as revocations have it. */
  as_of: string;
}

/** What auth says about a person as whom a key may act. */
export interface Person {
  user_id: string;
  /** Auth of the release before does not send it, and has no bots. */
  kind?: 'user' | 'bot';
  role: Role;
  status: AccountStatus;
  as_of: string;
}

export type PersonName = { user_id: string } | { external_id: string };

/** A client of auth. */
interface AuthClient {
  call<T>(method: 'POST', path: string, options: { body: unknown; timeoutMs?: number }): Promise<T>;
}

export interface CredentialsOptions {
  auth: AuthClient;
  log: Log;
  limiter: Pick<RateLimiter, 'take'>;
}

export interface Credentials {
  /**
   * @throws AppError AUTHENTICATION_ERROR when it is unknown or has expired, AUTHORIZATION_ERROR
   * for a banned or deactivated bot, RATE_LIMIT_EXCEEDED, SERVICE_UNAVAILABLE while auth is away
   * and the token is not known here.
   */
  verify(token: string, ip: string): Promise<AccessClaims>;
  /** @returns undefined when there is no such person. @throws AppError SERVICE_UNAVAILABLE */
  person(name: PersonName): Promise<Person | undefined>;
  /** Drops what a revocation is about, so that auth is asked again. */
  forget(record: Pick<RevocationRecord, 'subject'>): void;
  close(): Promise<void>;
}

/** 256 bits in base64url after the prefix. */
const SHAPE = /^c(?:ak|bt)_[A-Za-z0-9_-]{43}$/;
const MAX_KNOWN = 20_000;
const UNKNOWN_MS = 60_000;
/** Shorter than revocations are remembered, so that none can be missed. */
const KNOWN_MS = 3600_000;
const REPORT_MS = 20_000;
const ASK_MS = 2500;
/** Tokens that a gateway does not know yet, per address and minute. */
const MAX_QUESTIONS = 300;
/** Clients get it as a time. */
const NEVER = Date.parse('9999-12-31T23:59:59.999Z');

/** Whether a bearer token is a key or a bot token. An access token starts with `ey`. */
export const isCredential = (token: string): boolean => token.startsWith('cak_') || token.startsWith('cbt_');

/** How it stands in auth's database. */
export const credentialHash = (token: string): string => createHash('sha256').update(token).digest('hex');

/** So that nobody can flood auth with guesses. @throws AppError RATE_LIMIT_EXCEEDED */
async function countQuestion(limiter: Pick<RateLimiter, 'take'>, ip: string): Promise<void> {
  const result = await limiter.take(`credentials:${addressKey(ip)}`, MAX_QUESTIONS, 60);
  if (!result.allowed) throw limitExceeded(result, 'Too many unknown keys: wait for the limit to reset');
}

const refused = (): AppError => new AppError('AUTHENTICATION_ERROR', 'The key or token is not valid or has expired');

/** @throws AUTHORIZATION_ERROR */
export function requireActive(status: AccountStatus): void {
  if (status === 'banned') throw new AppError('AUTHORIZATION_ERROR', 'This account is banned');
  if (status === 'deactivated')
    throw new AppError('AUTHORIZATION_ERROR', 'This account is deactivated', { details: { reason: 'deactivated' } });
}

const claimsOf = ({ id, kind, user_id, role, scopes, rooms, expires_at, as_of }: Grant): AccessClaims => ({
  user_id,
  session_id: id,
  role,
  issued_at: Date.parse(as_of),
  expires_at: expires_at === null ? NEVER : Date.parse(expires_at),
  kind,
  scopes,
  ...(rooms === undefined ? {} : { rooms }),
});

interface Kept<T> {
  /** Ids in revocations that end it. */
  subjects: string[];
  value: T;
}

/** Answers by the question, and the questions by the subjects of revocations. */
function createAnswers<T extends object>(): {
  get(question: string): T | undefined;
  set(question: string, value: T, subjects: string[]): void;
  forget(subject: string): void;
} {
  const questions = new Map<string, Set<string>>();
  const unlink = (question: string, { subjects }: Kept<T>): void => {
    for (const subject of subjects) {
      const of = questions.get(subject);
      of?.delete(question);
      if (of?.size === 0) questions.delete(subject);
    }
  };
  const kept = new LRUCache<string, Kept<T>>({
    max: MAX_KNOWN,
    ttl: KNOWN_MS,
    dispose: (one, question) => unlink(question, one),
  });
  return {
    get: (question) => kept.get(question)?.value,
    set(question, value, subjects) {
      kept.set(question, { value, subjects });
      for (const subject of subjects) questions.set(subject, (questions.get(subject) ?? new Set()).add(question));
    },
    forget(subject) {
      for (const question of [...(questions.get(subject) ?? [])]) kept.delete(question);
    },
  };
}

/** One question at a time for the same thing. */
function createShared<T>(): (key: string, ask: () => Promise<T>) => Promise<T> {
  const asked = new Map<string, Promise<T>>();
  return (key, ask) => {
    const known = asked.get(key) ?? ask().finally(() => asked.delete(key));
    asked.set(key, known);
    return known;
  };
}

/** Times of the last use, told to auth together: a request costs no write. */
function createUsage({ auth, log }: Pick<CredentialsOptions, 'auth' | 'log'>): {
  note(id: string): void;
  close(): Promise<void>;
} {
  let used = new Map<string, number>();
  async function report(): Promise<void> {
    if (used.size === 0) return;
    const told = used;
    used = new Map();
    const body = { used: [...told].map(([id, at]) => ({ id, at: new Date(at).toISOString() })) };
    try {
      await auth.call('POST', '/internal/credentials/used', { body, timeoutMs: ASK_MS });
    } catch (err) {
      log.debug({ err: (err as Error).message }, 'the use of keys is told later');
      for (const [id, at] of told) used.set(id, Math.max(at, used.get(id) ?? 0));
    }
  }
  const reports = every(REPORT_MS, report, () => undefined);
  return {
    note: (id) => void used.set(id, Date.now()),
    async close() {
      await reports.close();
      await report();
    },
  };
}

export function createCredentials({ auth, log, limiter }: CredentialsOptions): Credentials {
  const grants = createAnswers<Grant>();
  const people = createAnswers<Person>();
  const unknown = new LRUCache<string, true>({ max: MAX_KNOWN, ttl: UNKNOWN_MS });
  const askGrant = createShared<Grant | undefined>();
  const askPerson = createShared<Person | undefined>();
  const usage = createUsage({ auth, log });
  // An answer that was under way when a revocation arrived may be from before it: it is used once.
  let revoked = 0;

  async function fetchGrant(token: string): Promise<Grant | undefined> {
    const before = revoked;
    const { grant } = await auth.call<{ grant: Grant | null }>('POST', '/internal/credentials/find', {
      body: { token_hash: credentialHash(token) },
      timeoutMs: ASK_MS,
    });
    if (grant === null) unknown.set(token, true);
    else if (before === revoked) grants.set(token, grant, [grant.id, grant.user_id]);
    return grant ?? undefined;
  }

  async function fetchPerson(name: PersonName, question: string): Promise<Person | undefined> {
    const before = revoked;
    const { person } = await auth.call<{ person: Person | null }>('POST', '/internal/people/find', {
      body: name,
      timeoutMs: ASK_MS,
    });
    if (person !== null && before === revoked) people.set(question, person, [person.user_id]);
    return person ?? undefined;
  }

  async function grantOf(token: string, ip: string): Promise<Grant> {
    const known = grants.get(token);
    if (known !== undefined) return known;
    if (!SHAPE.test(token) || unknown.has(token)) throw refused();
    await countQuestion(limiter, ip);
    const grant = await askGrant(token, () => fetchGrant(token));
    if (grant === undefined) throw refused();
    return grant;
  }

  return {
    async verify(token, ip) {
      const grant = await grantOf(token, ip);
      const claims = claimsOf(grant);
      if (claims.expires_at <= Date.now()) throw refused();
      requireActive(grant.status);
      usage.note(grant.id);
      return claims;
    },
    person(name) {
      const question = JSON.stringify(name);
      const known = people.get(question);
      return known === undefined ? askPerson(question, () => fetchPerson(name, question)) : Promise.resolve(known);
    },
    forget({ subject }) {
      revoked++;
      grants.forget(subject);
      people.forget(subject);
    },
    close: usage.close,
  };
}
