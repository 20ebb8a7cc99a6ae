// JWK Sets of issuers, fetched through the egress guard. Tokens with a known key never wait for it.
// What was fetched last is stored, so that an instance that starts while the server is away has it.
import { Counter, type Log, type Metrics, unavailable } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { Egress } from '@chatapi/kit/egress';
import { type IssuerRow, savedJwks, saveJwks } from './issuer-store.ts';
import { readPublicKey, type TrustedKey } from './trusted-keys.ts';

export interface KeySets {
  /**
   * @returns the keys that `choose` finds, fetched again when it finds none.
   * @throws SERVICE_UNAVAILABLE when the keys are not known because the server does not answer.
   */
  find(issuer: Source, choose: (keys: TrustedKey[]) => TrustedKey[]): Promise<TrustedKey[]>;
}

type Source = Pick<IssuerRow, 'id' | 'jwks_url' | 'jwks_fetched_at'>;

/** Older keys are fetched again in the background. */
const FRESH_MS = 10 * 60_000;
/** Older keys verify nothing: their issuer may have withdrawn them. */
const USABLE_MS = 3_600_000;
/** Between two fetches of one issuer, however many unknown keys are asked for. */
const PAUSE_MS = 30_000;
const TIMEOUT_MS = 2500;
const MAX_KEYS = 100;
/** More than there are issuers; deleted ones leave by and by. */
const MAX_SETS = 64;

interface KeySet {
  keys: TrustedKey[];
  /** Milliseconds; 0: never. */
  fetchedAt: number;
  triedAt: number;
  failed: boolean;
  running: Promise<void> | undefined;
}

/** Leaves out keys for something else, such as encryption. @throws Error without a usable one. */
export function readJwks(text: string): TrustedKey[] {
  const { keys } = (JSON.parse(text) ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new Error('no JWK Set');
  const usable = keys.slice(0, MAX_KEYS).flatMap((jwk: unknown) => {
    try {
      return typeof jwk === 'object' && jwk !== null ? [readPublicKey(jwk as Record<string, unknown>)] : [];
    } catch {
      return [];
    }
  });
  if (usable.length === 0) throw new Error('no usable key');
  return usable;
}

async function fetchJwks(egress: Egress, url: string): Promise<{ text: string; keys: TrustedKey[] }> {
  const headers = { accept: 'application/jwk-set+json, application/json' };
  const { status, body, truncated } = await egress.fetch({ url, headers, timeoutMs: TIMEOUT_MS });
  if (status !== 200) throw new Error(`status ${status}`);
  if (truncated) throw new Error('too large');
  const text = body.toString('utf8');
  return { text, keys: readJwks(text) };
}

interface Deps {
  db: Knex;
  egress: Egress;
  log: Log;
  metrics: Metrics;
}

/** @param now tests let time pass. */
export function createKeySets({ db, egress, log, metrics }: Deps, now: () => number = Date.now): KeySets {
  const sets = new Map<string, KeySet>();
  const fetches = new Counter({
    name: 'chatapi_jwks_fetches_total',
    help: 'Fetches of JWK Sets of issuers',
    labelNames: ['result'],
    registers: [metrics],
  });
  for (const result of ['ok', 'failed']) fetches.inc({ result }, 0);

  function setOf(id: string): KeySet {
    const known = sets.get(id);
    if (known !== undefined) return known;
    if (sets.size >= MAX_SETS) sets.delete(sets.keys().next().value as string);
    const set: KeySet = { keys: [], fetchedAt: 0, triedAt: 0, failed: false, running: undefined };
    sets.set(id, set);
    return set;
  }

  /** From another instance, or from before a start. */
  async function adopt(set: KeySet, { id, jwks_fetched_at }: Source): Promise<void> {
    if (jwks_fetched_at === null || jwks_fetched_at.getTime() <= set.fetchedAt) return;
    const saved = await savedJwks(db, id);
    if (saved === undefined) return; // the issuer was deleted meanwhile
    set.keys = readJwks(saved.jwks);
    set.fetchedAt = saved.at.getTime();
  }

  async function fetchNow(set: KeySet, id: string, url: string): Promise<void> {
    try {
      const { text, keys } = await fetchJwks(egress, url);
      set.keys = keys;
      set.fetchedAt = now();
      set.failed = false;
      fetches.inc({ result: 'ok' });
      await saveJwks(db, id, text, new Date(set.fetchedAt)).catch((err: Error) =>
        log.debug({ err: err.message, issuer_id: id }, 'JWK Set not stored'),
      );
    } catch (err) {
      set.failed = true;
      fetches.inc({ result: 'failed' });
      log.warn({ err: (err as Error).message, issuer_id: id }, 'JWK Set not fetched');
    }
  }

  /** One at a time. Never rejects. */
  function refresh(set: KeySet, { id, jwks_url }: Source): Promise<void> {
    if (set.running === undefined && now() - set.triedAt >= PAUSE_MS) {
      set.triedAt = now();
      set.running = fetchNow(set, id, jwks_url as string).finally(() => {
        set.running = undefined;
      });
    }
    return set.running ?? Promise.resolve();
  }

  const age = ({ fetchedAt }: KeySet): number => now() - fetchedAt;
  const usable = (set: KeySet): TrustedKey[] => (age(set) < USABLE_MS ? set.keys : []);

  return {
    async find(issuer, choose) {
      const set = setOf(issuer.id);
      await adopt(set, issuer);
      const known = choose(usable(set));
      if (known.length > 0) {
        if (age(set) >= FRESH_MS) void refresh(set, issuer);
        return known;
      }
      await refresh(set, issuer);
      const found = choose(usable(set));
      if (found.length === 0 && (set.failed || usable(set).length === 0))
        throw unavailable('The key server of this issuer', new Error('its JWK Set could not be fetched'));
      return found;
    },
  };
}
