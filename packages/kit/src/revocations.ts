// Owns: what a door knows of sessions, users and roles that changed after their tokens were signed.
// Guarantee: holds what auth committed more than half a second ago; a lost signal delays, it loses nothing.
import type { AccessClaims } from './access.ts';
import { AppError, unavailable } from './errors.ts';
import type { Role } from './identity.ts';
import type { Log } from './log.ts';

/** As auth tells it: `@chatapi/bus` has the same shape, with the meaning of each kind. */
export interface RevocationRecord {
  seq: number;
  kind: 'session' | 'user' | 'ban' | 'unban' | 'role';
  /** Session id for `session`, else user id. */
  subject: string;
  at: string;
  role?: Role;
  except?: string;
}

export interface RevocationOptions<R extends RevocationRecord = RevocationRecord> {
  /**
   * The truth: what came after `seq`, in order; may be a page, then it is asked again at once. Nothing is answered when there was
   * nothing for `waitMs`; what there is, at most 500 ms after its commit.
   */
  fetchAfter(seq: number, waitMs: number): Promise<R[]>;
  /** Once for each record, whether it came by signal or was asked for. */
  onRevoked?(revocation: R): void;
  log: Log;
}

export interface RevocationSet<R extends RevocationRecord = RevocationRecord> {
  /** @returns the claims with the newest role. @throws AppError 401 ended, 403 banned, 503 before anything could be loaded. */
  admit(claims: AccessClaims): AccessClaims;
  /** Takes a signal. Order does not matter, repeats are ignored. */
  apply(revocations: R[]): void;
  /** Starts asking; resolves when all was told once, or with the first failure. */
  start(): Promise<void>;
  close(): void;
}

/** How long auth may have nothing to tell. Each door asks this seldom, and hears as soon as by looking itself. */
const WAIT_MS = 2000;
/** After a failure; and an auth that does not wait is asked no more often than this. */
const PAUSE_MS = 500;
const PRUNE_EVERY = 60;
// No access token lives longer than a day (JWT_EXPIRE_MINUTES ≤ 1440), so no older record can matter.
const KEEP_MS = 25 * 3600 * 1000;

interface Entry {
  record: RevocationRecord;
  at: number;
}

const endsSession = ({ record, at }: Entry, { session_id, issued_at }: AccessClaims): boolean =>
  record.kind === 'session' ||
  ((record.kind === 'user' || record.kind === 'ban') && issued_at < at && record.except !== session_id);

function judge(entries: Entry[], claims: AccessClaims): AccessClaims {
  const standing = entries.findLast(({ record: { kind } }) => kind === 'ban' || kind === 'unban');
  if (standing?.record.kind === 'ban') throw new AppError('AUTHORIZATION_ERROR', 'This account is banned');
  if (entries.some((entry) => endsSession(entry, claims)))
    throw new AppError('AUTHENTICATION_ERROR', 'The session has ended');
  const newer = entries.findLast(({ record, at }) => record.kind === 'role' && claims.issued_at < at)?.record.role;
  return newer === undefined ? claims : { ...claims, role: newer };
}

/** Records by their subject, each list in the order of `seq`: signals may overtake polls. */
function openMemory(): { add(record: RevocationRecord): boolean; of(subject: string): Entry[]; prune(): void } {
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

export function openRevocationSet<R extends RevocationRecord = RevocationRecord>(
  options: RevocationOptions<R>,
): RevocationSet<R> {
  const { fetchAfter, onRevoked, log } = options;
  const memory = openMemory();
  let last = 0;
  let loaded = false;
  let behind = false;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let rounds = 0;

  const apply = (records: R[]): void => {
    for (const record of records) if (memory.add(record)) onRevoked?.(record);
  };

  /** Until all is told that there is: from then on, what comes is waited for. @returns whether there was any. */
  async function ask(): Promise<boolean> {
    const page = await fetchAfter(last, loaded && !behind ? WAIT_MS : 0);
    apply(page);
    last = Math.max(last, ...page.map(({ seq }) => seq));
    if (page.length > 0) return true;
    loaded = true;
    if (behind) log.info('revocations are up to date again');
    behind = false;
    return false;
  }

  async function tryAsking(): Promise<boolean> {
    try {
      return await ask();
    } catch (err) {
      if (!behind && !closed)
        log.warn({ err: (err as Error).message }, 'revocations can’t be asked for: the last known ones hold');
      behind = true;
      return false;
    }
  }

  async function follow(): Promise<void> {
    const asked = performance.now();
    const isMore = await tryAsking();
    if (++rounds % PRUNE_EVERY === 0) memory.prune();
    if (!closed) timer = setTimeout(follow, isMore ? 0 : Math.max(0, asked + PAUSE_MS - performance.now()));
  }

  return {
    apply,
    admit(claims) {
      // Fail closed: a door that knows nothing yet could let in whom auth has thrown out.
      if (!loaded) throw unavailable('Checking sessions');
      const ofUser = memory.of(claims.user_id);
      const ofSession = memory.of(claims.session_id);
      return ofUser.length + ofSession.length === 0 ? claims : judge([...ofUser, ...ofSession], claims);
    },
    async start() {
      while (await tryAsking());
      void follow();
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
