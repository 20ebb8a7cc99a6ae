// Owns: the SQL that counts failed logins. Every look and every change of one account's row set is under one lock.
import type { Knex } from '@chatapi/kit';

export interface Counts {
  /** Seconds until the lock ends; 0: not locked. */
  locked_s: number;
  failed: number;
  under_way: number;
  failed_here: number;
  under_way_here: number;
  /** Seconds until the oldest failure of this address leaves the window. */
  oldest_here_s: number;
}

/** Advisory, since a name that nobody has has no row to lock. */
export async function lockKey(trx: Knex, accountKey: string): Promise<void> {
  await trx.raw(`select pg_advisory_xact_lock(hashtextextended(?, 1))`, [accountKey]);
}

export interface CountOptions {
  accountKey: string;
  ip: string;
  windowS: number;
  /** A try that says nothing for so long died with its process. */
  leaseS: number;
}

export async function count(trx: Knex, { accountKey, ip, windowS, leaseS }: CountOptions): Promise<Counts> {
  const { rows } = await trx.raw<{ rows: Counts[] }>(
    `with now as materialized (select clock_timestamp() as at),
       tries as (
         select ip = :ip as here, failed_at from login_failures, now where account_key = :accountKey
           and (failed_at > at - :windowS * interval '1 second'
             or (failed_at is null and begun_at > at - :leaseS * interval '1 second')))
     select
       cast(coalesce((select ceil(extract(epoch from locked_until - at)) from login_locks, now
         where account_key = :accountKey and locked_until > at), 0) as int) as locked_s,
       count(failed_at) as failed,
       count(*) filter (where failed_at is null) as under_way,
       count(failed_at) filter (where here) as failed_here,
       count(*) filter (where here and failed_at is null) as under_way_here,
       cast(coalesce(ceil(extract(epoch from min(failed_at) filter (where here) - (select at from now)) + :windowS), 0) as int) as oldest_here_s
     from tries`,
    { accountKey, ip, windowS, leaseS },
  );
  return rows[0] as Counts;
}

export async function insertTry(trx: Knex, tryId: string, accountKey: string, ip: string): Promise<void> {
  await trx.raw('insert into login_failures (try_id, account_key, ip, begun_at) values (?, ?, ?, clock_timestamp())', [
    tryId,
    accountKey,
    ip,
  ]);
}

export async function removeTry(db: Knex, tryId: string): Promise<void> {
  await db.raw('delete from login_failures where try_id = ?', [tryId]);
}

export async function markFailed(trx: Knex, tryId: string): Promise<void> {
  await trx.raw('update login_failures set failed_at = clock_timestamp() where try_id = ?', [tryId]);
}

export async function insertLock(trx: Knex, accountKey: string, seconds: number): Promise<void> {
  await trx.raw(
    `insert into login_locks (account_key, locked_until) values (?, clock_timestamp() + ? * interval '1 second')
     on conflict (account_key) do update set locked_until = excluded.locked_until`,
    [accountKey, seconds],
  );
}

/** Lifts the lock and forgets what led to it, or the very next failure would lock again. */
export async function clearFailures(trx: Knex, accountKey: string): Promise<void> {
  await trx.raw('delete from login_locks where account_key = ?', [accountKey]);
  await trx.raw('delete from login_failures where account_key = ? and failed_at is not null', [accountKey]);
}

/** All that was counted under these keys. */
export async function deleteTries(trx: Knex, accountKeys: string[]): Promise<void> {
  await trx.raw('delete from login_locks where account_key = any(?)', [accountKeys]);
  await trx.raw('delete from login_failures where account_key = any(?)', [accountKeys]);
}

export async function forgetFailures(db: Knex, windowS: number): Promise<void> {
  await db.raw(`delete from login_failures where begun_at < now() - 2 * ? * interval '1 second'`, [windowS]);
  await db.raw('delete from login_locks where locked_until < now()');
}
