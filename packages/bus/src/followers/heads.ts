// How followers learn that rooms have moved, when no fact told them: while Redis is away they ask
// every second, and every ten minutes all heads are compared, page by page.
import { every, type RecurringTask } from '@chatapi/kit';
import type { Follower, FollowersOptions } from './follower.ts';
import { forgetFollowers, noteHeads } from './position-store.ts';
import { dueComparison, endComparison } from './shard-store.ts';
import type { Shards } from './shards.ts';

const ASK_MS = 1000;
const RENEW_MS = 5000;
const COMPARE_MS = 600_000;
const PAGE = 1000;
/**
 * Events are committed up to this long after the time that they bear, by clocks that may differ by
 * a part of it.
 */
const LATE_MS = 60_000;
/** Facts are committed within this time after their ids were made. */
const TOLD_LATE_MS = 10_000;
const MAX_FORGOTTEN = 10_000;

export interface HeadsKeeper extends RecurringTask {
  /** Compares now, if that is due. For tests and after a follower began. */
  compare(): Promise<void>;
}

type Options = Pick<FollowersOptions<never>, 'db' | 'redis' | 'source' | 'read' | 'log'>;

/** @param poke looks for work at once. */
export function startHeads(
  { db, redis, source, read: readAll, log }: Options,
  shards: Pick<Shards, 'mine'>,
  read: () => Promise<Follower[]>,
  poke: () => void,
): HeadsKeeper {
  let lease = { now: 0, redis: true, at: Number.NEGATIVE_INFINITY };
  let asked = 0;
  let comparing: Promise<void> | undefined;

  async function renew(follows: boolean): Promise<void> {
    if (performance.now() - lease.at < RENEW_MS) return;
    lease = { ...(await source.renew(follows)), at: performance.now() };
    if (asked === 0) asked = lease.now - LATE_MS;
  }

  async function askWhatMoved(followers: Follower[]): Promise<void> {
    const now = lease.now + performance.now() - lease.at;
    const heads = await source.notTold(asked - TOLD_LATE_MS);
    await db.transaction((trx) => noteHeads(trx, followers, heads));
    asked = now;
    poke();
  }

  async function comparePages(followers: Follower[]): Promise<void> {
    const due = await dueComparison(db);
    if (due === undefined) return;
    const { now } = await source.renew(true);
    for (let after: string | null = ''; after !== null; ) {
      const page: Awaited<ReturnType<typeof source.moves>> = await source.moves(due.since_ms, after, PAGE);
      await db.transaction((trx) => noteHeads(trx, followers, page.heads));
      poke();
      after = page.next;
    }
    await endComparison(db, due, now - LATE_MS, COMPARE_MS);
    // Read again: one that began meanwhile has positions too.
    const known = (await readAll(db)).map(({ id }) => id);
    while ((await forgetFollowers(db, known, MAX_FORGOTTEN)) === MAX_FORGOTTEN);
  }
  const compare = async (): Promise<void> => {
    const followers = await read();
    if (followers.length === 0) return;
    comparing ??= comparePages(followers).finally(() => {
      comparing = undefined;
    });
    await comparing;
  };

  const asking = every(
    ASK_MS,
    async () => {
      // One instance does it for all.
      if (!shards.mine().includes(0)) return;
      const followers = await read();
      await renew(followers.length > 0);
      if (followers.length === 0) return;
      void compare().catch((err) => log.debug({ err: err.message }, 'heads not compared; will retry'));
      if (redis.status !== 'ready' || !lease.redis) await askWhatMoved(followers);
    },
    (err) => log.debug({ err: err.message }, 'the log was not asked for moves; will retry'),
  );
  return {
    compare,
    async close() {
      await asking.close();
      await comparing?.catch(() => undefined);
    },
  };
}
