// Owns: what a door knows of sessions, users and roles that changed after their tokens were signed.
// Guarantee: holds what auth committed at most one poll ago (500 ms); a lost signal delays, it loses nothing.
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
  /** The truth: what came after `seq`, in order; may be a page, then it is asked again at once. */
  fetchAfter(seq: number): Promise<R[]>;
  /** Once for each record, whether it came by signal or by poll. */
  onRevoked?(revocation: R): void;
  log: Log;
}

export interface RevocationSet<R extends RevocationRecord = RevocationRecord> {
  /** @returns the claims with the newest role. @throws AppError 401 ended, 403 banned, 503 before anything could be loaded. */
  admit(claims: AccessClaims): AccessClaims;
  /** Takes a signal. Order does not matter, repeats are ignored. */
  apply(revocations: R[]): void;
  /** Starts polling; resolves after the first answer or failure. */
  start(): Promise<void>;
  close(): void;
}

const POLL_MS = 500;
const PRUNE_EVERY = 120;
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
  let rounds = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const apply = (records: R[]): void => {
    for (const record of records) if (memory.add(record)) onRevoked?.(record);
  };

  async function catchUp(): Promise<void> {
    for (let page = await fetchAfter(last); page.length > 0; page = await fetchAfter(last)) {
      apply(page);
      last = Math.max(last, ...page.map(({ seq }) => seq));
    }
    loaded = true;
  }

  async function poll(): Promise<void> {
    try {
      await catchUp();
      if (behind) log.info('revocations are up to date again');
      behind = false;
    } catch (err) {
      if (!behind)
        log.warn({ err: (err as Error).message }, 'revocations can’t be asked for: the last known ones hold');
      behind = true;
    }
    if (++rounds % PRUNE_EVERY === 0) memory.prune();
    if (!closed) timer = setTimeout(poll, POLL_MS);
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
    start: poll,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
