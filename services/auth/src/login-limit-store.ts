// SQL of failed logins. Call `lockKey` before reading or changing the rows of an account.
import type { Knex } from '@chatapi/kit/data';

/** The first of 256 rows each. */
const ADDRESS_GATES = 0;
const ACCOUNT_GATES = 256;

export interface AccountCounts {
  /** Seconds until the lockout ends; 0: not locked. */
  locked_s: number;
  /** Of the known device; without one, of anybody. */
  failed: number;
  under_way: number;
  /** From the address, of any device. */
  failed_here: number;
  under_way_here: number;
  /** Seconds until the oldest failure from this address leaves the window. */
  oldest_here_s: number;
}

const lockGate = (trx: Knex, key: string, first: number): Promise<unknown> =>
  trx.raw('select 1 from login_gates where gate = ?::int + (hashtext(?) & 255) for no key update', [first, key]);

/**
 * One of 256 rows, because an unknown name has no row to lock. Not an advisory lock: any role of
 * the database may hold any of those.
 */
export const lockKey = async (trx: Knex, accountKey: string): Promise<void> =>
  void (await lockGate(trx, accountKey, ACCOUNT_GATES));

/** Lock the address before the account. */
export const lockAddress = async (trx: Knex, address: string): Promise<void> =>
  void (await lockGate(trx, address, ADDRESS_GATES));

export interface CountOptions {
  accountKey: string;
  ip: string;
  /** Of a known device; null: the device is not known. */
  device: string | null;
  windowS: number;
  /** An attempt without an outcome after this time belonged to a process that died. */
  leaseS: number;
}

const DEVICE_MARK = ' device ';

/** A lockout of a known device has its own row. */
const lockName = (accountKey: string, device: string | null): string =>
  device === null ? accountKey : `${accountKey}${DEVICE_MARK}${device}`;

export async function countAccount(
  trx: Knex,
  { accountKey, ip, device, windowS, leaseS }: CountOptions,
): Promise<AccountCounts> {
  const { rows } = await trx.raw<{ rows: AccountCounts[] }>(
    `with now as materialized (select clock_timestamp() as at),
       tries as (
         select ip = :ip as here, failed_at, (cast(:device as text) is null or device = :device) as counted
         from login_failures, now where account_key = :accountKey
           and (failed_at > at - :windowS * interval '1 second'
             or (failed_at is null and begun_at > at - :leaseS * interval '1 second')))
     select
       cast(coalesce((select ceil(extract(epoch from locked_until - at)) from login_locks, now
         where account_key = :lock and locked_until > at), 0) as int) as locked_s,
       count(failed_at) filter (where counted) as failed,
       count(*) filter (where counted and failed_at is null) as under_way,
       count(failed_at) filter (where here) as failed_here,
       count(*) filter (where here and failed_at is null) as under_way_here,
       cast(coalesce(ceil(extract(epoch from min(failed_at) filter (where here) - (select at from now)) + :windowS), 0) as int) as oldest_here_s
     from tries`,
    { accountKey, ip, device, lock: lockName(accountKey, device), windowS, leaseS },
  );
  return rows[0] as AccountCounts;
}

export interface AddressCounts {
  failed: number;
  under_way: number;
  /** Seconds until the oldest failure leaves the window. */
  oldest_s: number;
}

/** Counts logins from one address, whatever accounts they name. */
export async function countAddress(
  trx: Knex,
  { ip, windowS, leaseS }: Omit<CountOptions, 'accountKey' | 'device'>,
): Promise<AddressCounts> {
  const { rows } = await trx.raw<{ rows: AddressCounts[] }>(
    `with now as materialized (select clock_timestamp() as at),
       tries as (
         select failed_at from login_failures, now where login_address = :ip
           and (failed_at > at - :windowS * interval '1 second'
             or (failed_at is null and begun_at > at - :leaseS * interval '1 second')))
     select cast(count(failed_at) as int) as failed,
       cast(count(*) filter (where failed_at is null) as int) as under_way,
       cast(coalesce(ceil(extract(epoch from min(failed_at) - (select at from now)) + :windowS), 0) as int) as oldest_s
     from tries`,
    { ip, windowS, leaseS },
  );
  return rows[0] as AddressCounts;
}

export async function insertAttempt(
  trx: Knex,
  attemptId: string,
  attempt: { accountKey: string; device: string | null; address: string; isLogin: boolean },
): Promise<void> {
  const { accountKey, device, address, isLogin } = attempt;
  await trx.raw(
    `insert into login_failures (try_id, account_key, device, ip, login_address, begun_at)
     values (?, ?, ?, ?, ?, clock_timestamp())`,
    [attemptId, accountKey, device, address, isLogin ? address : null],
  );
}

export async function deleteAttempt(db: Knex, attemptId: string): Promise<void> {
  await db.raw('delete from login_failures where try_id = ?', [attemptId]);
}

export async function markFailed(trx: Knex, attemptId: string): Promise<void> {
  await trx.raw('update login_failures set failed_at = clock_timestamp() where try_id = ?', [attemptId]);
}

export async function insertLock(
  trx: Knex,
  { accountKey, device, seconds }: { accountKey: string; device: string | null; seconds: number },
): Promise<void> {
  await trx.raw(
    `insert into login_locks (account_key, locked_until) values (?, clock_timestamp() + ? * interval '1 second')
     on conflict (account_key) do update set locked_until = excluded.locked_until`,
    [lockName(accountKey, device), seconds],
  );
}

/** Also of its known devices. */
async function deleteLocks(trx: Knex, accountKeys: string[]): Promise<void> {
  await trx.raw(
    'delete from login_locks l using unnest(?::text[]) k(key) where account_key = key or starts_with(account_key, key || ?)',
    [accountKeys, DEVICE_MARK],
  );
}

/** Lifts the lockout and deletes its failures; otherwise the next failure would lock again. */
export async function clearFailures(trx: Knex, accountKey: string): Promise<void> {
  await deleteLocks(trx, [accountKey]);
  await trx.raw('delete from login_failures where account_key = ? and failed_at is not null', [accountKey]);
}

/** Deletes locks and attempts, pending ones too. */
export async function deleteAttempts(trx: Knex, accountKeys: string[]): Promise<void> {
  await deleteLocks(trx, accountKeys);
  await trx.raw('delete from login_failures where account_key = any(?)', [accountKeys]);
}

export async function deleteOldFailures(db: Knex, windowS: number): Promise<void> {
  await db.raw(`delete from login_failures where begun_at < now() - 2 * ? * interval '1 second'`, [windowS]);
  await db.raw('delete from login_locks where locked_until < now()');
}
