// Owns: the SQL of the audit log: intents and outcomes, both only ever inserted. The tables come with provisioning: this service
// owns neither them nor their schema, so that it can't change what it wrote.
import type { Knex } from '@chatapi/kit';

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
  /** Code of the error that refused the act. */
  error: string | null;
  created_at: Date;
}

export async function insertIntent(db: Knex, intent: Intent & { created_at?: string }): Promise<void> {
  await db('audit.intents').insert({ ...intent, details: JSON.stringify(intent.details) });
}

/** The first outcome stays. */
export async function insertOutcome(db: Knex, auditId: string, outcome: Outcome, error: string | null): Promise<void> {
  await db('audit.outcomes').insert({ audit_id: auditId, outcome, error }).onConflict('audit_id').ignore();
}

/** Gives intents that got no outcome within `ms` the outcome `unknown`. @returns how many. */
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

export interface EntryFilter {
  actor_id?: string;
  target_id?: string;
  action?: string;
  limit: number;
  skip: number;
}

/** Newest first. */
export function listEntries(db: Knex, { limit, skip, ...filter }: EntryFilter): Promise<Entry[]> {
  const given = Object.fromEntries(
    Object.entries(filter)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [`i.${name}`, value]),
  );
  return db('audit.intents as i')
    .leftJoin('audit.outcomes as o', 'o.audit_id', 'i.id')
    .where(given)
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

/** A share that no statement takes too long for. */
const FORGOTTEN_AT_ONCE = 5000;

/** Entries by and about an erased user keep who did what to whom, when; reasons, notes, texts and addresses go. */
export async function forgetWords(trx: Knex, userId: string): Promise<void> {
  for (;;) {
    const { rows } = await trx.raw<{ rows: [{ forgotten: number }] }>('select audit.forget_words(?, ?) as forgotten', [
      userId,
      FORGOTTEN_AT_ONCE,
    ]);
    if (rows[0].forgotten < FORGOTTEN_AT_ONCE) return;
  }
}
