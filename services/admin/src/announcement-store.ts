import type { Knex } from '@chatapi/kit';

export interface Announcement {
  id: string;
  text: string;
  created_by: string;
  created_at: Date;
}

const SHOWN = ['id', 'text', 'created_by', 'created_at'];

export async function insertAnnouncement(
  trx: Knex,
  announcement: Pick<Announcement, 'id' | 'text' | 'created_by'>,
): Promise<Announcement> {
  const [row] = await trx('announcements').insert(announcement, SHOWN);
  return row as Announcement;
}

/** Newest first. */
export const listAnnouncements = async (db: Knex, limit: number, skip: number): Promise<Announcement[]> =>
  await db('announcements').orderBy('id', 'desc').limit(limit).offset(skip).select(SHOWN);

/** One statement that locks nothing: mostly there is none. */
export const isAnyUnpublished = async (db: Knex): Promise<boolean> =>
  (await db('announcements').whereNull('published_at').first('id')) !== undefined;

/** Takes those that nobody else is publishing right now, oldest first. */
export const lockUnpublished = async (trx: Knex): Promise<Announcement[]> =>
  await trx('announcements').whereNull('published_at').orderBy('id').limit(20).forUpdate().skipLocked().select(SHOWN);

export const markPublished = async (trx: Knex, ids: string[]): Promise<void> =>
  void (await trx('announcements')
    .whereIn('id', ids)
    .update({ published_at: trx.raw('clock_timestamp()') }));

export const dropAnnouncementsOf = async (trx: Knex, userId: string): Promise<void> =>
  void (await trx('announcements').where({ created_by: userId }).delete());
