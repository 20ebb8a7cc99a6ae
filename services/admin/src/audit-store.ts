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

/** Their time is set by the database, so that nobody can choose it. */
export async function insertIntents(db: Knex, intents: Intent[]): Promise<void> {
  await db.raw(
    `insert into audit.intents (id, action, actor_id, target_id, details, ip, request_id)
     select * from jsonb_to_recordset(?::jsonb)
       i(id text, action text, actor_id text, target_id text, details jsonb, ip text, request_id text)`,
    [JSON.stringify(intents)],
  );
}

export const insertIntent = (db: Knex, intent: Intent): Promise<void> => insertIntents(db, [intent]);

/** The first outcome of an intent wins. */
export async function insertOutcome(db: Knex, auditId: string, outcome: Outcome, error: string | null): Promise<void> {
  await db('audit.outcomes').insert({ audit_id: auditId, outcome, error }).onConflict('audit_id').ignore();
}

/** The first outcome of an intent wins. */
export async function insertDone(db: Knex, auditIds: string[]): Promise<void> {
  await db.raw(
    `insert into audit.outcomes (audit_id, outcome) select id, 'done' from unnest(?::text[]) id on conflict do nothing`,
    [auditIds],
  );
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

export interface EntryConditions {
  actor_id?: string;
  target_id?: string;
  action?: string;
  outcome?: Entry['outcome'];
  /** Inclusive. */
  from?: string;
  /** Exclusive. */
  to?: string;
}

export type EntryFilter = EntryConditions & IdPaging;

const COLUMNS = [
  'i.id',
  'i.action',
  'i.actor_id',
  'i.target_id',
  'i.details',
  'i.ip',
  'i.request_id',
  'o.error',
  'i.created_at',
];

/** Newest first. */
export function listEntries(
  db: Knex,
  { limit, skip, cursor, from, to, outcome, ...filter }: EntryFilter,
): Promise<Entry[]> {
  const given = Object.fromEntries(
    Object.entries(filter)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [`i.${name}`, value]),
  );
  const query = db('audit.intents as i')
    .leftJoin('audit.outcomes as o', 'o.audit_id', 'i.id')
    .where(given)
    .orderBy('i.id', 'desc')
    .limit(limit)
    .offset(skip)
    .select(...COLUMNS, db.raw(`coalesce(o.outcome, 'pending') as outcome`));
  if (cursor !== undefined) query.where('i.id', '<', cursor[0]);
  if (from !== undefined) query.where('i.created_at', '>=', from);
  if (to !== undefined) query.where('i.created_at', '<', to);
  if (outcome === 'pending') query.whereNull('o.outcome');
  else if (outcome !== undefined) query.where('o.outcome', outcome);
  return query;
}

export interface BanRecord {
  user_id: string;
  by: string;
  at: Date;
}

/** The last ban of each of these users: who did it, and when. */
export async function lastBans(db: Knex, userIds: string[]): Promise<BanRecord[]> {
  const { rows } = await db.raw<{ rows: BanRecord[] }>(
    `select banned.user_id, last.by, last.at from unnest(?::text[]) banned(user_id)
     cross join lateral (
       select i.actor_id as by, i.created_at as at from audit.intents i join audit.outcomes o on o.audit_id = i.id
       where i.target_id = banned.user_id and i.action = 'user.ban' and o.outcome <> 'refused'
       order by i.id desc limit 1) last`,
    [userIds],
  );
  return rows;
}

/** Rows of one user per statement, so that none takes too long. */
const BATCH = 5000;

/**
 * Redacts entries by and about erased users. They keep who did what to whom and when; reasons,
 * notes, texts and IP addresses are removed.
 *
 * @throws Error unless auth recorded the erasures, which it does in its transaction.
 */
export async function redactEntries(trx: Knex, userIds: string[]): Promise<void> {
  for (let left = userIds; left.length > 0; ) {
    const { rows } = await trx.raw<{ rows: { user_id: string; forgotten: number }[] }>(
      'select id as user_id, audit.forget_words(id, ?) as forgotten from unnest(?::text[]) id',
      [BATCH, left],
    );
    left = rows.filter(({ forgotten }) => forgotten === BATCH).map(({ user_id }) => user_id);
  }
}
