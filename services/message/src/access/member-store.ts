import type { Paging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { MemberRole } from '../log/frames.ts';
import { recordTrace } from '../log/user-traces-store.ts';
import type { Membership } from './room-permissions.ts';

export interface NewMember {
  user_id: string;
  role: MemberRole;
}

export interface MemberRow extends NewMember {
  joined_at: Date;
  read_seq: number;
  muted_until: Date | null;
}

/**
 * In the given order, so that the first is the oldest member. Who comes back continues at the
 * position they had. @returns those who were not members before, in the given order.
 */
export async function insertMembers(trx: Knex, roomId: string, people: NewMember[]): Promise<NewMember[]> {
  const { rows } = await trx.raw<{ rows: { user_id: string }[] }>(
    `insert into room_members (room_id, user_id, role, read_seq, read_others)
     select t.room_id, t.user_id, t.role, coalesce(f.read_seq, 0), coalesce(f.read_others, 0)
     from (select ?::text room_id, * from unnest(?::text[], ?::text[]) with ordinality as u(user_id, role, nth)) t
     left join former_members f on f.room_id = t.room_id and f.user_id = t.user_id
     order by t.nth on conflict do nothing returning user_id`,
    [roomId, people.map((p) => p.user_id), people.map((p) => p.role)],
  );
  const entered = new Set(rows.map(({ user_id }) => user_id));
  return people.filter(({ user_id }) => entered.has(user_id));
}

/** A membership that has ended. */
export interface EndedMembership {
  user_id: string;
  read_seq: number;
  read_others: number;
}

/** @returns the removed members. Without `userIds`, all members are removed. */
export async function deleteMembers(trx: Knex, roomId: string, userIds?: string[]): Promise<EndedMembership[]> {
  const query = trx('room_members').where('room_id', roomId);
  if (userIds !== undefined) query.whereIn('user_id', userIds);
  const gone = (await query.delete(['user_id', 'read_seq', 'read_others'])) as EndedMembership[];
  await recordTrace(
    trx,
    gone.map(({ user_id }) => user_id),
    roomId,
  );
  return gone;
}

/**
 * Adds `by` to the member count. A removal also raises the room's version, which invalidates the
 * access caches. They contain only members, so an addition invalidates nothing.
 * @returns the version.
 */
export async function adjustMemberCount(trx: Knex, roomId: string, by: number): Promise<number> {
  const { rows } = await trx.raw<{ rows: { version: number }[] }>(
    'update rooms set member_count = member_count + ?, version = version + ? where id = ? returning version',
    [by, by < 0 ? 1 : 0, roomId],
  );
  return (rows[0] as { version: number }).version;
}

export const findRole = async (db: Knex, roomId: string, userId: string): Promise<Membership> =>
  (await db('room_members').where({ room_id: roomId, user_id: userId }).first('role'))?.role ?? 'stranger';

/** @returns those of `userIds` who are members, in their order. */
export async function membersAmong(db: Knex, roomId: string, userIds: string[]): Promise<string[]> {
  const rows: { user_id: string }[] = await db('room_members')
    .where('room_id', roomId)
    .whereIn('user_id', userIds)
    .select('user_id');
  const members = new Set(rows.map(({ user_id }) => user_id));
  return userIds.filter((id) => members.has(id));
}

/** Also raises the room's version: slow mode applies to members who are no longer staff. */
export async function setRole(trx: Knex, roomId: string, userId: string, role: MemberRole): Promise<void> {
  await trx('room_members').where({ room_id: roomId, user_id: userId }).update({ role });
  await trx('rooms').where('id', roomId).increment('version', 1);
}

export const countOwners = async (db: Knex, roomId: string): Promise<number> =>
  Number((await db('room_members').where({ room_id: roomId, role: 'owner' }).count({ n: '*' }))[0]?.n);

/** The oldest moderator, otherwise the oldest member. Nobody whose account is erased. */
export const findNextOwner = async (db: Knex, roomId: string): Promise<string | undefined> =>
  (
    await db('room_members')
      .where('room_id', roomId)
      .whereRaw('not exists (select from people p where p.user_id = room_members.user_id and p.erased_at is not null)')
      .orderByRaw(`role = 'moderator' desc, joined_at, user_id`)
      .first('user_id')
  )?.user_id;

const MUTED = `(select until from room_mutes x where x.room_id = room_members.room_id and x.user_id = room_members.user_id and x.until > now()) muted_until`;
const JOINED_US = '(extract(epoch from joined_at) * 1000000)::bigint joined_us';
const AFTER = `(joined_at, user_id) > (timestamptz 'epoch' + ? * interval '1 microsecond', ?)`;
const MEMBER_COLUMNS = ['user_id', 'role', 'joined_at', 'read_seq'];

/** `joined_us` and user id of the last member of a page. */
export type MemberKey = readonly [number, string];

/** The longest members first. */
export const listMembers = async (
  db: Knex,
  roomId: string,
  { limit, skip, cursor }: Paging<MemberKey>,
): Promise<(MemberRow & { joined_us: number })[]> =>
  await db('room_members')
    .where('room_id', roomId)
    .where((query) => (cursor === undefined ? query : query.whereRaw(AFTER, [...cursor])))
    .orderBy(['joined_at', 'user_id'])
    .limit(limit)
    .offset(skip)
    .select(...MEMBER_COLUMNS, db.raw(MUTED), db.raw(JOINED_US));

export const findMember = async (db: Knex, roomId: string, userId: string): Promise<MemberRow | undefined> =>
  await db('room_members')
    .where({ room_id: roomId, user_id: userId })
    .first(...MEMBER_COLUMNS, db.raw(MUTED));
