import type { Knex } from '@chatapi/kit';
import { leaveTrace } from './erasure-store.ts';
import type { Standing } from './permissions.ts';

export type MemberRole = 'owner' | 'moderator' | 'member';

export interface NewMember {
  user_id: string;
  role: MemberRole;
}

export interface MemberRow extends NewMember {
  joined_at: Date;
  read_seq: number;
  muted_until: Date | null;
}

/** @returns those who were not in before, in the order given. */
export async function insertMembers(trx: Knex, roomId: string, people: NewMember[]): Promise<NewMember[]> {
  const { rows } = await trx.raw<{ rows: { user_id: string }[] }>(
    `insert into room_members (room_id, user_id, role) select ?, user_id, role from unnest(?::text[], ?::text[]) as t(user_id, role)
     on conflict do nothing returning user_id`,
    [roomId, people.map((p) => p.user_id), people.map((p) => p.role)],
  );
  const entered = new Set(rows.map(({ user_id }) => user_id));
  return people.filter(({ user_id }) => entered.has(user_id));
}

/** @returns who was in. Without `userIds`: everyone. */
export async function deleteMembers(trx: Knex, roomId: string, userIds?: string[]): Promise<string[]> {
  const query = trx('room_members').where('room_id', roomId);
  if (userIds !== undefined) query.whereIn('user_id', userIds);
  const gone = ((await query.delete('user_id')) as { user_id: string }[]).map(({ user_id }) => user_id);
  await leaveTrace(trx, gone, roomId);
  return gone;
}

/**
 * After members changed by `by`: the count and, when somebody went, the version by which every instance sees that what it remembers
 * may be wrong. Who comes in makes nothing wrong that is remembered: only members are.
 */
export const recount = async (trx: Knex, roomId: string, by: number): Promise<void> =>
  void (await trx.raw('update rooms set member_count = member_count + ?, version = version + ? where id = ?', [
    by,
    by < 0 ? 1 : 0,
    roomId,
  ]));

export const findRole = async (db: Knex, roomId: string, userId: string): Promise<Standing> =>
  (await db('room_members').where({ room_id: roomId, user_id: userId }).first('role'))?.role ?? 'stranger';

/** Raises the room's version too: slow mode holds back who is no longer staff. */
export async function setRole(trx: Knex, roomId: string, userId: string, role: MemberRole): Promise<void> {
  await trx('room_members').where({ room_id: roomId, user_id: userId }).update({ role });
  await trx('rooms').where('id', roomId).increment('version', 1);
}

export const countOwners = async (db: Knex, roomId: string): Promise<number> =>
  Number((await db('room_members').where({ room_id: roomId, role: 'owner' }).count({ n: '*' }))[0]?.n);

/** Oldest moderator, else oldest member. */
export const findHeir = async (db: Knex, roomId: string): Promise<string | undefined> =>
  (
    await db('room_members')
      .where('room_id', roomId)
      .orderByRaw(`role = 'moderator' desc, joined_at, user_id`)
      .first('user_id')
  )?.user_id;

const MUTED = `(select until from room_mutes x where x.room_id = room_members.room_id and x.user_id = room_members.user_id and x.until > now()) muted_until`;
const SHOWN = ['user_id', 'role', 'joined_at', 'read_seq'];

export const listMembers = async (db: Knex, roomId: string, limit: number, skip: number): Promise<MemberRow[]> =>
  await db('room_members')
    .where('room_id', roomId)
    .orderBy(['joined_at', 'user_id'])
    .limit(limit)
    .offset(skip)
    .select(...SHOWN, db.raw(MUTED));

export const findMember = async (db: Knex, roomId: string, userId: string): Promise<MemberRow | undefined> =>
  await db('room_members')
    .where({ room_id: roomId, user_id: userId })
    .first(...SHOWN, db.raw(MUTED));
