import type { IdPaging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';

export interface Announcement {
  id: string;
  text: string;
  created_by: string;
  created_at: Date;
}

const COLUMNS = ['id', 'text', 'created_by', 'created_at'];

export async function insertAnnouncement(
  trx: Knex,
  announcement: Pick<Announcement, 'id' | 'text' | 'created_by'>,
): Promise<Announcement> {
  const [row] = await trx('announcements').insert(announcement, COLUMNS);
  return row as Announcement;
}

/** Newest first. */
export const listAnnouncements = async (db: Knex, { limit, skip, cursor }: IdPaging): Promise<Announcement[]> =>
  await db('announcements')
    .where((query) => (cursor === undefined ? query : query.where('id', '<', cursor[0])))
    .orderBy('id', 'desc')
    .limit(limit)
    .offset(skip)
    .select(COLUMNS);

/** Takes no locks. Mostly there is none. */
export const isAnyUnpublished = async (db: Knex): Promise<boolean> =>
  (await db('announcements').whereNull('published_at').first('id')) !== undefined;

/** Locks unpublished ones that no other instance has locked, oldest first, at most 20. */
export const lockUnpublished = async (trx: Knex): Promise<Announcement[]> =>
  await trx('announcements').whereNull('published_at').orderBy('id').limit(20).forUpdate().skipLocked().select(COLUMNS);

export const markPublished = async (trx: Knex, ids: string[]): Promise<void> =>
  void (await trx('announcements')
    .whereIn('id', ids)
    .update({ published_at: trx.raw('clock_timestamp()') }));

export const deleteAnnouncementsOf = async (trx: Knex, userIds: string[]): Promise<void> =>
  void (await trx('announcements').whereIn('created_by', userIds).delete());
