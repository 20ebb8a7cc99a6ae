import type { Knex } from 'knex';

const SHARDS = 64;
const LEASE = `interval '15 seconds'`;

export interface Claim {
  /** Those that the instance holds. */
  shards: number[];
  /** Instances that share the work. */
  instances: number;
}

/**
 * Renews what the instance holds, gives up more than its share, and takes what nobody holds.
 * @param most instances at a time; those beyond it hold nothing until another one ends.
 */
export async function claimShards(db: Knex, instance: string, most: number): Promise<Claim> {
  return await db.transaction(async (trx) => {
    await trx.raw(
      `insert into follower_instances (instance, until) values (?, clock_timestamp() + ${LEASE})
       on conflict (instance) do update set until = excluded.until`,
      [instance],
    );
    await trx.raw(`delete from follower_instances where until < now() - interval '1 minute'`);
    const { rows } = await trx.raw<{ rows: { shard: number }[] }>(
      `with here as (
         select instance, row_number() over (order by instance) nth from follower_instances where until > now()
       ), share as (
         select case when (select nth from here where instance = :instance) <= :most
           then ceil(${SHARDS}.0 / least(count(*), :most))::int else 0 end most from here
       ), own as (
         select shard, row_number() over (order by shard) nth from (
           select shard from follower_shards where holder = :instance order by shard for update skip locked
         ) held
       ), free as (
         -- No more than it may take: who claims at the same moment passes over what is locked here.
         select shard from follower_shards where holder is distinct from :instance and until < now()
         order by shard limit greatest(0, (select most from share) - (select count(*) from own)) for update skip locked
       )
       update follower_shards s set
         holder = case when r.kept then :instance end,
         until = case when r.kept then clock_timestamp() + ${LEASE} else '-infinity' end
       from (select shard, nth <= share.most kept from own, share union all select shard, true from free) r
       where s.shard = r.shard
       returning case when s.holder is not null then s.shard end shard`,
      { instance, most },
    );
    const shards = rows.map(({ shard }) => shard).filter((shard) => shard !== null);
    return { shards, instances: await countInstances(trx, most) };
  });
}

export async function releaseShards(db: Knex, instance: string): Promise<void> {
  await db.raw(`update follower_shards set holder = null, until = '-infinity' where holder = ?`, [instance]);
  await db.raw('delete from follower_instances where instance = ?', [instance]);
}

async function countInstances(trx: Knex, most: number): Promise<number> {
  const { rows } = await trx.raw<{ rows: [{ n: number }] }>(
    'select least(count(*), ?)::int n from follower_instances where until > now()',
    [most],
  );
  return rows[0].n;
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
