// SQL of the limits of mails that anybody may cause. The keys are locked in their order, so that
// two requests never wait for each other.
import type { Knex } from '@chatapi/kit/data';
import { lockAddress, lockKey } from '../login-limit-store.ts';

export interface LimitedKeys {
  address: string;
  /** Of the account, or of the name that was typed. */
  account: string;
}

const addressName = (address: string): string => `address ${address}`;

/** Locks both keys until the transaction ends. @returns how many requests they had in an hour. */
export async function countRequests(
  trx: Knex,
  { address, account }: LimitedKeys,
): Promise<{ from_address: number; of_account: number }> {
  await lockAddress(trx, address);
  await lockKey(trx, account);
  const { rows } = await trx.raw<{ rows: { from_address: number; of_account: number }[] }>(
    `select cast(count(*) filter (where key = :address) as int) as from_address,
       cast(count(*) filter (where key = :account) as int) as of_account
     from mail_requests where key in (:address, :account) and at > clock_timestamp() - interval '1 hour'`,
    { address: addressName(address), account },
  );
  return rows[0] as { from_address: number; of_account: number };
}

export async function recordRequest(trx: Knex, { address, account }: LimitedKeys): Promise<void> {
  await trx.raw('insert into mail_requests (key) values (?), (?)', [addressName(address), account]);
}

export async function deleteOldRequests(db: Knex): Promise<void> {
  await db.raw(
    `delete from mail_requests where ctid = any(array(
       select ctid from mail_requests where at < now() - interval '1 hour' order by at limit 10000))`,
  );
}
