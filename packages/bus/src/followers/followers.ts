// Followers of the log: each keeps its position per room in its own database (docs/followers.md).
import { every, showGauge } from '@chatapi/kit';
import type { Knex } from 'knex';
import type { Facts } from '../fact-types.ts';
import { createFeed } from './feed.ts';
import type { Follower, FollowersOptions } from './follower.ts';
import { startHeads } from './heads.ts';
import { createOutcomes } from './outcomes.ts';
import { lagOf, noteHeads } from './position-store.ts';
import { startShards } from './shards.ts';

export interface Followers {
  /** For the handler of the fact `rooms.moved`. */
  onMoved(facts: Facts['rooms.moved'][], trx: Knex): Promise<void>;
  /** Reads the followers again and looks for work: after one changed. */
  nudge(): void;
  close(): Promise<void>;
}

const POLL_MS = 250;
/** Another instance may have changed a follower. */
const KNOWN_MS = 500;
/** The transaction of a fact has committed by then. */
const POKE_MS = 15;

const highest = (facts: Facts['rooms.moved'][]): Record<string, number> => {
  const heads: Record<string, number> = {};
  for (const { heads: some } of facts)
    for (const [room, seq] of Object.entries(some)) heads[room] = Math.max(seq, heads[room] ?? 0);
  return heads;
};

function showLag<E>({ db, metrics, read }: FollowersOptions<E>): void {
  const lags = async () =>
    lagOf(
      db,
      (await read(db)).filter(({ active }) => active).map(({ id }) => id),
    );
  showGauge(metrics, {
    name: 'chatapi_followers_lag_events',
    help: 'Events of the log that active followers have not handled, of all followers',
    read: async (set) => set((await lags()).reduce((sum, { events }) => sum + events, 0)),
  });
  showGauge(metrics, {
    name: 'chatapi_followers_lag_seconds',
    help: 'For how long the active follower that is furthest behind has had something to do',
    read: async (set) => set(Math.max(0, ...(await lags()).map(({ seconds }) => seconds))),
  });
}

export function startFollowers<E>(options: FollowersOptions<E>): Followers {
  const { db, log } = options;
  let known: { followers: Follower[]; at: number } | undefined;
  async function read(): Promise<Follower[]> {
    if (known !== undefined && performance.now() - known.at < KNOWN_MS) return known.followers;
    known = { followers: await options.read(db), at: performance.now() };
    return known.followers;
  }
  const shards = startShards(db, options.instance, options.parallel, log);
  const outcomes = createOutcomes(db, options.record, log);
  const feed = createFeed(options, shards, outcomes);
  const look = async (): Promise<void> => feed.pump(await read());
  const poke = (): void => void look().catch(() => undefined);
  const heads = startHeads(options, shards, read, poke);
  const polling = every(POLL_MS, look, (err) => log.debug({ err: err.message }, 'followers not read; will retry'));
  void shards.claim().then(poke, () => undefined);
  showLag(options);
  return {
    async onMoved(facts, trx) {
      // In the transaction: a follower that another instance made is there too.
      await noteHeads(trx, await options.read(trx), highest(facts));
      setTimeout(poke, POKE_MS).unref();
    },
    nudge() {
      known = undefined;
      poke();
      void heads.compare().catch(() => undefined);
    },
    async close() {
      await Promise.all([polling.close(), heads.close()]);
      await feed.close();
      await outcomes.committed();
      await shards.close();
    },
  };
}
