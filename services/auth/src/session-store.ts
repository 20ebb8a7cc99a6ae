// Owns: the SQL of sessions: one per login, alive until it ends or nobody refreshes it any more.
import type { Knex, Paging } from '@chatapi/kit';

export interface Origin {
  ip: string;
  user_agent: string;
}

export interface SessionRow extends Origin {
  id: string;
  created_at: string;
  last_used_at: string;
}

/** @returns the database's time, in ms: when the session's first access token is issued. */
export async function insertSession(trx: Knex, sessionId: string, userId: string, from: Origin): Promise<number> {
  const { rows } = await trx.raw<{ rows: { created_at: Date }[] }>(
    `insert into sessions (session_id, user_id, created_at, last_used_at, ip, user_agent)
     select ?, ?, now, now, ?, ? from clock_timestamp() now returning created_at`,
    [sessionId, userId, from.ip, from.user_agent],
  );
  return (rows[0] as { created_at: Date }).created_at.getTime();
}

/** @returns the database's time in ms, or undefined when the session has ended. */
export async function touchSession(trx: Knex, sessionId: string, from: Origin): Promise<number | undefined> {
  const { rows } = await trx.raw<{ rows: { last_used_at: Date }[] }>(
    `update sessions set last_used_at = clock_timestamp(), ip = ?, user_agent = ?
     where session_id = ? and ended_at is null returning last_used_at`,
    [from.ip, from.user_agent, sessionId],
  );
  return rows[0]?.last_used_at.getTime();
}

/** @returns false when it is not this user's or had ended before. */
export async function endSession(trx: Knex, userId: string, sessionId: string): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    'update sessions set ended_at = clock_timestamp() where session_id = ? and user_id = ? and ended_at is null',
    [sessionId, userId],
  );
  return rowCount > 0;
}

/** Ends all of a user's sessions but `except`. @returns how many. */
export async function endSessions(trx: Knex, userId: string, except: string | null): Promise<number> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    `update sessions set ended_at = clock_timestamp() where user_id = ? and ended_at is null and session_id is distinct from ?`,
    [userId, except],
  );
  return rowCount;
}

export async function sessionIsUsers(db: Knex, userId: string, sessionId: string): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>('select 1 from sessions where session_id = ? and user_id = ?', [
    sessionId,
    userId,
  ]);
  return rows.length > 0;
}

type Raw = Origin & { id: string; created_at: Date; last_used_at: Date };

/** At most 1000, newest first. */
export const sessionsOf = (db: Knex, userId: string): Promise<SessionRow[]> =>
  listSessions(db, userId, { limit: 999, skip: 0 });

/** Live sessions, newest first; one more than `limit`, so that the caller sees whether there are more. */
export async function listSessions(db: Knex, userId: string, { limit, skip }: Paging): Promise<SessionRow[]> {
  const { rows } = await db.raw<{ rows: Raw[] }>(
    `select session_id as id, created_at, last_used_at, ip, user_agent from sessions
     where user_id = ? and ended_at is null order by session_id desc limit ? offset ?`,
    [userId, limit + 1, skip],
  );
  return rows.map((row) => ({
    ...row,
    created_at: row.created_at.toISOString(),
    last_used_at: row.last_used_at.toISOString(),
  }));
}

/** Removes sessions that can't be refreshed any more, with their tokens, and old spent tokens of living ones. */
export async function forgetSessions(db: Knex, days: number): Promise<void> {
  await db.raw(
    `delete from sessions where session_id in (
       select session_id from sessions where last_used_at < now() - ? * interval '1 day' order by last_used_at limit 1000)`,
    [days],
  );
  await db.raw(
    `delete from refresh_tokens where token_hash in (select token_hash from refresh_tokens where expires_at < now() order by expires_at limit 1000)`,
  );
}
