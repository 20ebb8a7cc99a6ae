import type { Knex } from '@chatapi/kit';

export type TargetType = 'message' | 'file' | 'user';
export type ReportStatus = 'open' | 'resolved' | 'dismissed';

export interface NewReport {
  id: string;
  reporter_id: string;
  target_type: TargetType;
  target_id: string;
  reason: string;
  /** Who sent, uploaded or is what was reported; null: nobody noted it, in reports older than the field. */
  about_user_id: string | null;
}

export interface Report extends NewReport {
  status: ReportStatus;
  handled_by: string | null;
  handled_at: Date | null;
  note: string | null;
  created_at: Date;
}

/** The one just made, or the open one that this reporter has already made on the same thing. */
export async function putReport(db: Knex, report: NewReport): Promise<Report> {
  const conflict = db.raw(`(reporter_id, target_type, target_id) where status = 'open'`);
  // Writes what is there already: so the row comes back, whoever made it, and stays as it was.
  const [row] = await db('reports').insert(report).onConflict(conflict).merge(['target_id']).returning('*');
  return row as Report;
}

export interface ReportFilter {
  status?: ReportStatus;
  target_type?: TargetType;
  target_id?: string;
  limit: number;
  skip: number;
}

/** Newest first. */
export const listReports = async (db: Knex, { limit, skip, ...filter }: ReportFilter): Promise<Report[]> =>
  await db('reports')
    .where(Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)))
    .orderBy('id', 'desc')
    .limit(limit)
    .offset(skip);

/** What this user reported, oldest first, from behind `after`; without what was done about it. */
export const reportsOf = async (db: Knex, userId: string, after: string, limit: number): Promise<object[]> =>
  await db('reports')
    .where({ reporter_id: userId })
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .select('id', 'target_type', 'target_id', 'reason', 'created_at');

/** A report stays for those who handle it; what this user wrote in it, and what others wrote about this user, goes. */
export async function blankReports(trx: Knex, userId: string): Promise<void> {
  await trx('reports').where({ reporter_id: userId }).update({ reason: '' });
  await trx('reports').where({ handled_by: userId }).update({ note: null });
  await trx('reports').where({ about_user_id: userId }).update({ reason: '', note: null });
}

export const lockReport = async (trx: Knex, id: string): Promise<Report | undefined> =>
  await trx('reports').where({ id }).forUpdate().first();

export async function closeReport(
  trx: Knex,
  id: string,
  as: { status: ReportStatus; handled_by: string; note: string | null },
): Promise<Report> {
  const handled_at = trx.raw(`date_trunc('milliseconds', clock_timestamp())`);
  const [row] = await trx('reports')
    .where({ id })
    .update({ ...as, handled_at }, '*');
  return row as Report;
}
