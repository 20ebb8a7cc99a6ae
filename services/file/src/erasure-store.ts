// Owns: the SQL of erased users: the mark, and the work that is still due.
import type { Knex } from '@chatapi/kit';

export async function markErased(trx: Knex, userId: string, at: string): Promise<void> {
  await trx.raw('insert into erased (user_id, erased_at) values (?, ?) on conflict do nothing', [userId, at]);
}

export const isErased = async (db: Knex, userId: string): Promise<boolean> =>
  (await db('erased').where({ user_id: userId }).first('user_id')) !== undefined;

/** A look that locks nothing and costs one round trip: most of the time there is nothing to erase. */
export async function isErasureDue(db: Knex): Promise<boolean> {
  const { rows } = await db.raw<{ rows: { due: boolean }[] }>(
    'select exists (select from erased where due_at <= now()) due',
  );
  return rows[0]?.due === true;
}

/** Holds one that is due for as long as `trx` lives; whoever dies lets it go at once. */
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
