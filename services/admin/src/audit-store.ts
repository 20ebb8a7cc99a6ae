// SQL of the audit log: intents and outcomes, which are only inserted. Provisioning creates the
// tables. This service's role does not own them, so that it can't change what it wrote.
import type { IdPaging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';

export interface Intent {
  id: string;
  action: string;
  actor_id: string;
  target_id: string;
  details: Record<string, unknown>;
  ip: string;
  request_id: string;
}

export type Outcome = 'done' | 'refused' | 'unknown';

export interface Entry extends Intent {
  outcome: Outcome | 'pending';
  /** Code of the error that refused the action. */
  error: string | null;
  created_at: Date;
}

/** Its time is set by the database, so that nobody can choose it. */
export async function insertIntent(db: Knex, intent: Intent): Promise<void> {
  await db('audit.intents').insert({ ...intent, details: JSON.stringify(intent.details) });
}

/** The first outcome of an intent wins. */
export async function insertOutcome(db: Knex, auditId: string, outcome: Outcome, error: string | null): Promise<void> {
  await db('audit.outcomes').insert({ audit_id: auditId, outcome, error }).onConflict('audit_id').ignore();
}

/** Closes intents without an outcome after `ms` as `unknown`. @returns how many. */
export async function closeOpenIntents(db: Knex, ms: number): Promise<number> {
  const { rowCount } = await db.raw<{ rowCount: number }>(
    `insert into audit.outcomes (audit_id, outcome)
     select id, 'unknown' from audit.intents i
     where created_at < now() - ? * interval '1 millisecond' and not exists (select from audit.outcomes o where o.audit_id = i.id)
     on conflict do nothing`,
    [ms],
  );
  return rowCount;
}

export interface EntryFilter extends IdPaging {
  actor_id?: string;
  target_id?: string;
  action?: string;
}

/** Newest first. */
export function listEntries(db: Knex, { limit, skip, cursor, ...filter }: EntryFilter): Promise<Entry[]> {
  const given = Object.fromEntries(
    Object.entries(filter)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [`i.${name}`, value]),
  );
  return db('audit.intents as i')
    .leftJoin('audit.outcomes as o', 'o.audit_id', 'i.id')
    .where(given)
    .where((query) => (cursor === undefined ? query : query.where('i.id', '<', cursor[0])))
    .orderBy('i.id', 'desc')
    .limit(limit)
    .offset(skip)
    .select(
      'i.id',
      'i.action',
      'i.actor_id',
      'i.target_id',
      'i.details',
      'i.ip',
      'i.request_id',
      'o.error',
      'i.created_at',
    )
    .select(db.raw(`coalesce(o.outcome, 'pending') as outcome`));
}

/** Rows per statement, so that none takes too long. */
const BATCH = 5000;

/**
 * Redacts entries by and about an erased user. They keep who did what to whom and when; reasons,
 * notes, texts and IP addresses are removed.
 *
 * @throws Error unless auth recorded the erasure, which it does in its transaction.
 */
export async function redactEntries(trx: Knex, userId: string): Promise<void> {
  for (;;) {
    const { rows } = await trx.raw<{ rows: [{ forgotten: number }] }>('select audit.forget_words(?, ?) as forgotten', [
      userId,
      BATCH,
    ]);
    if (rows[0].forgotten < BATCH) return;
  }
}
