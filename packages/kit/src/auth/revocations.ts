// The revocations that a gateway knows: sessions, users and roles that changed after tokens were
// signed. Complete up to 500 ms ago; a lost signal only delays.

import { AppError, unavailable } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Role } from './signed-identity.ts';
import type { AccessClaims } from './verify-access-token.ts';

/** The same shape as in `@chatapi/bus`, where the kinds are documented. */
export interface RevocationRecord {
  seq: number;
  kind: 'session' | 'user' | 'ban' | 'unban' | 'role';
  /** Session id for `session`, else user id. */
  subject: string;
  at: string;
  reason?: 'deactivated';
  role?: Role;
  except?: string;
}

/** A client of auth. */
interface AuthClient {
  call<T>(method: 'GET', path: string, options: { query: Record<string, number>; timeoutMs: number }): Promise<T>;
}

export interface RevocationOptions<R extends RevocationRecord = RevocationRecord> {
  /**
   * Long-polls auth for the records after `seq`, in order. May return a page; the next one is then
   * fetched at once. Returns nothing after `waitMs` without new records, and new records at most
   * 500 ms after their commit.
   */
  fetchAfter(seq: number, waitMs: number): Promise<R[]>;
  /** Called once per record. */
  onRevoked?(revocation: R): void;
  log: Log;
}

export interface RevocationSet {
  /**
   * @returns the claims with the current role.
   * @throws AppError 401 session ended, 403 banned or deactivated, 503 before the first successful
   * poll.
   */
  admit(claims: AccessClaims): AccessClaims;
  /** @throws AppError 503 before the first successful poll. */
  requireLoaded(): void;
  /**
   * Asks auth at once: a signal says that there is something new. Anybody who can write to Redis
   * can send such a signal, so nothing in it counts.
   */
  lookNow(): void;
  /** Seconds since auth last answered a poll; since the creation before that. For metrics. */
  ageSeconds(): number;
  /** Starts polling; resolves after the first complete load or the first failure. */
  start(): Promise<void>;
  close(): void;
}

/** Duration of a long poll in ms. */
const LONG_POLL_MS = 2000;
/** Minimum time in ms between polls after a failure or an empty response. */
const MIN_POLL_INTERVAL_MS = 500;
/** How much later than the end of a long poll the response may come. */
const RESPONSE_MARGIN_MS = 1000;
/** Minimum time in ms between looks, however many signals come. */
const MIN_LOOK_INTERVAL_MS = 5;
const PRUNE_EVERY_POLLS = 60;
// Access tokens live for a day at most (JWT_EXPIRE_MINUTES ≤ 1440), so older records are
// irrelevant.
const KEEP_MS = 25 * 3600 * 1000;

interface Entry {
  record: RevocationRecord;
  at: number;
}

const endsSession = ({ record, at }: Entry, { session_id, issued_at }: AccessClaims): boolean =>
  record.kind === 'session' ||
  ((record.kind === 'user' || record.kind === 'ban') && issued_at < at && record.except !== session_id);

const refusal = ({ reason }: RevocationRecord): AppError =>
  reason === undefined
    ? new AppError('AUTHORIZATION_ERROR', 'This account is banned')
    : new AppError('AUTHORIZATION_ERROR', 'This account is deactivated', { details: { reason } });

function applyRevocations(entries: Entry[], claims: AccessClaims): AccessClaims {
  const last = entries.findLast(({ record: { kind } }) => kind === 'ban' || kind === 'unban')?.record;
  if (last?.kind === 'ban') throw refusal(last);
  if (entries.some((entry) => endsSession(entry, claims)))
    throw new AppError('AUTHENTICATION_ERROR', 'The session has ended');
  const newer = entries.findLast(({ record, at }) => record.kind === 'role' && claims.issued_at < at)?.record.role;
  return newer === undefined ? claims : { ...claims, role: newer };
}

/** Records by subject, each list ordered by `seq`: two polls may overlap. */
function createRecordMap(): { add(record: RevocationRecord): boolean; of(subject: string): Entry[]; prune(): void } {
  const bySubject = new Map<string, Entry[]>();
  const none: Entry[] = [];
  return {
    add(record) {
      const entries = bySubject.get(record.subject) ?? [];
      if (entries.some((entry) => entry.record.seq === record.seq)) return false;
      entries.push({ record, at: Date.parse(record.at) });
      entries.sort((a, b) => a.record.seq - b.record.seq);
      bySubject.set(record.subject, entries);
      return true;
    },
    of: (subject) => bySubject.get(subject) ?? none,
    prune() {
      const oldest = Date.now() - KEEP_MS;
      for (const [subject, entries] of bySubject) {
        const kept = entries.filter(({ at }) => at > oldest);
        kept.length === 0 ? bySubject.delete(subject) : bySubject.set(subject, kept);
      }
    },
  };
}

/** For `fetchAfter`: the long poll of auth. */
export const fetchRevocationsFrom =
  <R extends RevocationRecord>(auth: AuthClient) =>
  async (after: number, wait_ms: number): Promise<R[]> => {
    const options = { query: { after, wait_ms }, timeoutMs: wait_ms + RESPONSE_MARGIN_MS };
    return (await auth.call<{ revocations: R[] }>('GET', '/internal/revocations', options)).revocations;
  };

export function createRevocationSet<R extends RevocationRecord = RevocationRecord>(
  options: RevocationOptions<R>,
): RevocationSet {
  const { fetchAfter, onRevoked, log } = options;
  const memory = createRecordMap();
  let last = 0;
  let loaded = false;
  let answeredAt = performance.now();
  let behind = false;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let polls = 0;

  const apply = (records: R[]): void => {
    for (const record of records) if (memory.add(record)) onRevoked?.(record);
  };

  /**
   * Does not wait until everything is loaded, then long-polls.
   * @returns whether there were records.
   */
  async function poll(): Promise<boolean> {
    const page = await fetchAfter(last, loaded && !behind ? LONG_POLL_MS : 0);
    answeredAt = performance.now();
    apply(page);
    last = Math.max(last, ...page.map(({ seq }) => seq));
    if (page.length > 0) return true;
    loaded = true;
    if (behind) log.info('revocations are up to date again');
    behind = false;
    return false;
  }

  async function tryPoll(): Promise<boolean> {
    try {
      return await poll();
    } catch (err) {
      if (!behind && !closed)
        log.warn({ err: (err as Error).message }, 'revocations can’t be fetched; the known ones stay in force');
      behind = true;
      return false;
    }
  }

  async function follow(): Promise<void> {
    const asked = performance.now();
    const isMore = await tryPoll();
    if (++polls % PRUNE_EVERY_POLLS === 0) memory.prune();
    if (!closed) timer = setTimeout(follow, isMore ? 0 : Math.max(0, asked + MIN_POLL_INTERVAL_MS - performance.now()));
  }

  let looking = false;
  let lookAgain = false;
  /** Beside the long poll, which may wait at an instance of auth that has not seen it yet. */
  async function look(): Promise<void> {
    looking = true;
    while (lookAgain && !closed) {
      lookAgain = false;
      // What fails here comes by the long poll.
      const page = await fetchAfter(last, 0).catch((): R[] => []);
      apply(page);
      last = Math.max(last, ...page.map(({ seq }) => seq));
      if (page.length > 0) lookAgain = true;
      else await new Promise((resolve) => setTimeout(resolve, MIN_LOOK_INTERVAL_MS));
    }
    looking = false;
  }

  // Fail closed: without any records, a revoked session could be admitted.
  function requireLoaded(): void {
    if (!loaded) throw unavailable('Checking sessions');
  }

  return {
    lookNow() {
      if (!loaded || closed) return;
      lookAgain = true;
      if (!looking) void look();
    },
    requireLoaded,
    ageSeconds: () => (performance.now() - answeredAt) / 1000,
    admit(claims) {
      requireLoaded();
      const ofUser = memory.of(claims.user_id);
      const ofSession = memory.of(claims.session_id);
      return ofUser.length + ofSession.length === 0 ? claims : applyRevocations([...ofUser, ...ofSession], claims);
    },
    async start() {
      while (await tryPoll());
      void follow();
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
