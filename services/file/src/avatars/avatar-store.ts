import type { Knex } from '@chatapi/kit/data';

export interface AvatarRow {
  id: string;
  user_id: string;
  hash: string;
  size: number;
  created_at: Date;
}

/** The same picture of the same user is one row, as if new. @returns its id. */
export async function saveAvatar(trx: Knex, row: Omit<AvatarRow, 'created_at'>): Promise<string> {
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    `insert into avatars (id, user_id, hash, size) values (?, ?, ?, ?)
     on conflict (user_id, hash) do update set created_at = clock_timestamp() returning id`,
    [row.id, row.user_id, row.hash, row.size],
  );
  return (rows[0] as { id: string }).id;
}

/** Avatars of erased users are gone at once, before their bytes. */
export const findAvatar = (db: Knex, user_id: string, hash: string): Promise<AvatarRow | undefined> =>
  db<AvatarRow>('avatars')
    .where({ user_id, hash })
    .whereRaw('not exists (select from erased e where e.user_id = avatars.user_id)')
    .first();

export const avatarsOf = (db: Knex, user_id: string): Promise<AvatarRow[]> =>
  db<AvatarRow>('avatars').where({ user_id });

export const deleteAvatar = async (db: Knex, id: string): Promise<void> =>
  void (await db('avatars').where({ id }).delete());

/** The ids of `given` that are avatars. */
export const knownAvatars = async (db: Knex, given: string[]): Promise<string[]> =>
  (await db<AvatarRow>('avatars').whereIn('id', given).select('id')).map(({ id }) => id);

/** Older than `seconds`, after the id `after`, in order of id. */
export const settledAvatars = (db: Knex, after: string, seconds: number, limit: number): Promise<AvatarRow[]> =>
  db<AvatarRow>('avatars')
    .where('id', '>', after)
    .whereRaw(`created_at < clock_timestamp() - ? * interval '1 second'`, [seconds])
    .orderBy('id')
    .limit(limit);
