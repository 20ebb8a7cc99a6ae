import type { IdPaging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';

export type TargetType = 'message' | 'file' | 'user';
export type ReportStatus = 'open' | 'resolved' | 'dismissed';

export interface NewReport {
  id: string;
  reporter_id: string;
  target_type: TargetType;
  target_id: string;
  reason: string;
  /** The sender, the uploader, or the reported user; null in reports older than the field. */
  about_user_id: string | null;
}

export interface Report extends NewReport {
  status: ReportStatus;
  handled_by: string | null;
  handled_at: Date | null;
  note: string | null;
  created_at: Date;
}

/** Inserts the report, or returns the open one of this reporter on the same target. */
export async function putReport(db: Knex, report: NewReport): Promise<Report> {
  const conflict = db.raw(`(reporter_id, target_type, target_id) where status = 'open'`);
  // Merging an equal value makes `returning` include the existing row, unchanged.
  const [row] = await db('reports').insert(report).onConflict(conflict).merge(['target_id']).returning('*');
  return row as Report;
}

export interface ReportFilter extends IdPaging {
  status?: ReportStatus;
  target_type?: TargetType;
  target_id?: string;
  about_user_id?: string;
  reporter_id?: string;
}

export interface ReportCounts {
  open_about: number;
  about: number;
  by: number;
}

/** Open reports about these users; users without one are left out. */
export async function openReportsAbout(db: Knex, userIds: string[]): Promise<Map<string, number>> {
  const { rows } = await db.raw<{ rows: { user_id: string; n: number }[] }>(
    `select about_user_id as user_id, count(*)::int as n from reports
     where about_user_id = any(?) and status = 'open' group by 1`,
    [userIds],
  );
  return new Map(rows.map(({ user_id, n }) => [user_id, n]));
}

export async function countReportsOf(db: Knex, userId: string): Promise<ReportCounts> {
  const { rows } = await db.raw<{ rows: ReportCounts[] }>(
    `select count(*) filter (where status = 'open')::int as open_about, count(*)::int as about,
       (select count(*)::int from reports where reporter_id = :userId) as by
     from reports where about_user_id = :userId`,
    { userId },
  );
  return rows[0] as ReportCounts;
}

/** Newest first. */
export const listReports = async (db: Knex, { limit, skip, cursor, ...filter }: ReportFilter): Promise<Report[]> =>
  await db('reports')
    .where(Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)))
    .where((query) => (cursor === undefined ? query : query.where('id', '<', cursor[0])))
    .orderBy('id', 'desc')
    .limit(limit)
    .offset(skip);

/** Reports of this user after the id `after`, oldest first, without how they were handled. */
export const reportsOf = async (db: Knex, userId: string, after: string, limit: number): Promise<object[]> =>
  await db('reports')
    .where({ reporter_id: userId })
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .select('id', 'target_type', 'target_id', 'reason', 'created_at');

/** Removes what the users wrote in reports and what others wrote about them. The rows stay. */
export async function redactReports(trx: Knex, userIds: string[]): Promise<void> {
  await trx('reports').whereIn('reporter_id', userIds).update({ reason: '' });
  await trx('reports').whereIn('handled_by', userIds).update({ note: null });
  await trx('reports').whereIn('about_user_id', userIds).update({ reason: '', note: null });
}

export const findReport = async (db: Knex, id: string): Promise<Report | undefined> =>
  await db('reports').where({ id }).first();

/** The last report of a target. */
export const findReportOn = async (db: Knex, type: TargetType, id: string): Promise<Report | undefined> =>
  await db('reports').where({ target_id: id, target_type: type }).orderBy('id', 'desc').first();

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
