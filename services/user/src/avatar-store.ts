import type { Knex } from '@chatapi/kit/data';

/** SQL: whether the avatar of profile `p` was set by a process that did not tell it. */
export const UNTOLD = `(p.avatar_told_at is distinct from p.profile_updated_at
  and (p.avatar_url is not null or p.avatar_told_at is not null))`;

export interface ToldAvatar {
  user_id: string;
  avatar_url: string | null;
  updated_at: string;
}

/** Marks avatars as told. Tell them in the same transaction. @returns at most `limit` of them. */
export async function takeUntold(trx: Knex, limit: number): Promise<ToldAvatar[]> {
  const { rows } = await trx.raw<{ rows: { user_id: string; avatar_url: string | null; updated_at: Date }[] }>(
    `update profiles p set avatar_told_at = p.profile_updated_at where p.user_id in (
       select user_id from profiles p where ${UNTOLD} order by user_id limit ? for update skip locked)
     returning p.user_id, p.avatar_url, coalesce(p.profile_updated_at, p.account_updated_at) updated_at`,
    [limit],
  );
  return rows.map(({ updated_at, ...row }) => ({ ...row, updated_at: updated_at.toISOString() }));
}
