// SQL of known devices. They are deleted with the account.
import type { Knex } from '@chatapi/kit/data';

export interface Device {
  /** Of browser, or of another program. */
  family: string;
  network: string;
}

/** For the lockout. */
const KNOWN_DAYS = 30;
/** For notices of a sign-in from a new device. */
const REMEMBERED_DAYS = 90;
/** More than a person uses. The oldest are forgotten, which bounds the table. */
const MAX_DEVICES = 20;

export async function isDeviceKnown(db: Knex, userId: string, { family, network }: Device): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    `select 1 from known_devices where user_id = ? and family = ? and network = ?
       and last_login_at > now() - ? * interval '1 day'`,
    [userId, family, network, KNOWN_DAYS],
  );
  return rows.length > 0;
}

/** Call it while the account is locked, or new. @returns whether it was not seen in 90 days. */
export async function rememberDevice(trx: Knex, userId: string, { family, network }: Device): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: { is_new: boolean }[] }>(
    `with before as (select last_login_at from known_devices where user_id = :userId and family = :family and network = :network)
     insert into known_devices (user_id, family, network, last_login_at) values (:userId, :family, :network, clock_timestamp())
     on conflict (user_id, family, network) do update set last_login_at = excluded.last_login_at
     returning not exists (select from before where last_login_at > now() - :days * interval '1 day') as is_new`,
    { userId, family, network, days: REMEMBERED_DAYS },
  );
  await trx.raw(
    `delete from known_devices where user_id = ? and (family, network) in (
       select family, network from known_devices where user_id = ? order by last_login_at desc offset ?)`,
    [userId, userId, MAX_DEVICES],
  );
  return (rows[0] as { is_new: boolean }).is_new;
}

export async function deleteOldDevices(db: Knex): Promise<void> {
  await db.raw(
    `delete from known_devices where ctid = any(array(
       select ctid from known_devices where last_login_at < now() - ? * interval '1 day' limit 1000))`,
    [REMEMBERED_DAYS],
  );
}
