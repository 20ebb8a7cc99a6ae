import type { Knex } from 'knex';

const SHARDS = 64;
const LEASE = `interval '15 seconds'`;

/**
 * Renews what the instance holds, gives up more than its share, and takes what nobody holds.
 * @returns the shards that it holds.
 */
export async function claimShards(db: Knex, instance: string): Promise<number[]> {
  return await db.transaction(async (trx) => {
    await trx.raw(
      `insert into follower_instances (instance, until) values (?, clock_timestamp() + ${LEASE})
       on conflict (instance) do update set until = excluded.until`,
      [instance],
    );
    await trx.raw(`delete from follower_instances where until < now() - interval '1 minute'`);
    const { rows } = await trx.raw<{ rows: { shard: number }[] }>(
      `with share as (
         select ceil(${SHARDS}.0 / count(*))::int most from follower_instances where until > now()
       ), ranked as (
         select shard, row_number() over (order by (holder = ?) desc, shard) nth from (
           select shard, holder from follower_shards where holder = ? or until < now()
           order by shard for update skip locked
         ) free
       )
       update follower_shards s set
         holder = case when r.nth <= share.most then ? end,
         until = case when r.nth <= share.most then clock_timestamp() + ${LEASE} else '-infinity' end
       from ranked r, share where s.shard = r.shard
       returning case when s.holder is not null then s.shard end shard`,
      [instance, instance, instance],
    );
    return rows.map(({ shard }) => shard).filter((shard) => shard !== null);
  });
}

export async function releaseShards(db: Knex, instance: string): Promise<void> {
  await db.raw(`update follower_shards set holder = null, until = '-infinity' where holder = ?`, [instance]);
  await db.raw('delete from follower_instances where instance = ?', [instance]);
}

export async function countInstances(db: Knex): Promise<number> {
  const { rows } = await db.raw<{ rows: [{ n: number }] }>(
    'select count(*) n from follower_instances where until > now()',
  );
  return Math.max(1, rows[0].n);
}

export interface Comparison {
  /** In ms: what moved before is noted. */
  since_ms: number;
  asked: number;
}

/** @returns undefined while all heads need not be compared. */
export async function dueComparison(db: Knex): Promise<Comparison | undefined> {
  const { rows } = await db.raw<{ rows: Comparison[] }>(
    'select since_ms, asked from follower_comparison where since_ms is not null and due_at <= now()',
  );
  return rows[0];
}

/** The next comparison begins at `since`, unless another one was asked for meanwhile. */
export async function endComparison(db: Knex, { asked }: Comparison, since: number, inMs: number): Promise<void> {
  await db.raw(
    `update follower_comparison set since_ms = ?, due_at = clock_timestamp() + ? * interval '1 millisecond' where asked = ?`,
    [since, inMs, asked],
  );
}

/** Compares all heads soon, for moves since a time (ms). */
export async function askComparison(trx: Knex, since: number): Promise<void> {
  await trx.raw(
    'update follower_comparison set since_ms = least(since_ms, ?), asked = asked + 1, due_at = clock_timestamp()',
    [since],
  );
}
