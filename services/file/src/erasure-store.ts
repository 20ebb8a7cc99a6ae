// SQL of erased users: the permanent mark, and the pending work.
import type { Knex } from '@chatapi/kit/data';

export async function markErased(trx: Knex, userId: string, at: string): Promise<void> {
  await trx.raw('insert into erased (user_id, erased_at) values (?, ?) on conflict do nothing', [userId, at]);
}

export const isErased = async (db: Knex, userId: string): Promise<boolean> =>
  (await db('erased').where({ user_id: userId }).first('user_id')) !== undefined;

/** Takes no locks and one round trip. Mostly there is nothing to erase. */
export async function isErasureDue(db: Knex): Promise<boolean> {
  const { rows } = await db.raw<{ rows: { due: boolean }[] }>(
    'select exists (select from erased where due_at <= now()) due',
  );
  return rows[0]?.due === true;
}

/** Locks a due erasure until `trx` ends, which includes the death of the process. */
export async function takeErasure(trx: Knex): Promise<{ user_id: string; erased_at: Date } | undefined> {
  await trx.raw('set local idle_in_transaction_session_timeout = 0');
  const { rows } = await trx.raw<{ rows: { user_id: string; erased_at: Date }[] }>(
    'select user_id, erased_at from erased where due_at <= now() order by due_at limit 1 for update skip locked',
  );
  return rows[0];
}

export const postponeErasure = async (trx: Knex, userId: string, seconds: number): Promise<void> =>
  void (await trx.raw(`update erased set due_at = clock_timestamp() + ? * interval '1 second' where user_id = ?`, [
    seconds,
    userId,
  ]));

export const endErasure = async (trx: Knex, userId: string): Promise<void> =>
  void (await trx('erased').where({ user_id: userId }).update({ due_at: null }));
