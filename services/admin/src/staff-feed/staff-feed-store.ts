// SQL of what is new for staff.
import type { Knex } from '@chatapi/kit/data';
import type { Entry } from '../audit-store.ts';
import type { Report } from '../report-store.ts';

/** A transaction sets its times before it commits: what is new may be this much older. */
const OVERLAP = `interval '10 seconds'`;
/** Of one look. Lists have what more there is. */
const MOST = 200;

export const newReports = async (db: Knex, since: string): Promise<Report[]> =>
  (
    await db.raw<{ rows: Report[] }>(
      `select * from reports where created_at > cast(? as timestamptz) - ${OVERLAP} order by created_at limit ${MOST}`,
      [since],
    )
  ).rows;

/** By the time of their outcome, so that each comes once. */
export const settledEntries = async (db: Knex, since: string): Promise<Entry[]> =>
  (
    await db.raw<{ rows: Entry[] }>(
      `select i.*, o.outcome, o.error from audit.outcomes o join audit.intents i on i.id = o.audit_id
       where o.created_at > cast(? as timestamptz) - ${OVERLAP} order by o.created_at limit ${MOST}`,
      [since],
    )
  ).rows;

export async function openReports(db: Knex): Promise<{ open: number; now: Date }> {
  const { rows } = await db.raw<{ rows: { open: number; now: Date }[] }>(
    `select count(*)::int as open, clock_timestamp() as now from reports where status = 'open'`,
  );
  return rows[0] as { open: number; now: Date };
}
