// SQL of sessions: one per login, until it is ended, not refreshed for too long, or too old.
import type { IdPaging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { Language } from './mail/mail.ts';

export interface Origin {
  ip: string;
  user_agent: string;
}

/** Where a request comes from; its id is for the security log, its language for mails. */
export interface RequestOrigin extends Origin {
  request_id: string;
  language: Language;
}

export interface SessionRow extends Origin {
  id: string;
  /** Of one that an application made. */
  name: string | null;
  created_at: string;
  last_used_at: string;
}

/** Times of the database's clock. */
export interface SessionTimes {
  created_at: Date;
  last_used_at: Date;
}

export async function insertSession(trx: Knex, sessionId: string, userId: string, from: Origin): Promise<SessionTimes> {
  const { rows } = await trx.raw<{ rows: SessionTimes[] }>(
    `insert into sessions (session_id, user_id, created_at, last_used_at, ip, user_agent)
     select ?, ?, now, now, ?, ? from clock_timestamp() now returning created_at, last_used_at`,
    [sessionId, userId, from.ip, from.user_agent],
  );
  return rows[0] as SessionTimes;
}

/** A session that ends by itself. It has no refresh token, so nothing makes it longer. */
export async function insertLimitedSession(
  trx: Knex,
  {
    session_id,
    user_id,
    seconds,
    name,
    ip,
    user_agent,
  }: Origin & { session_id: string; user_id: string; seconds: number; name: string | null },
): Promise<Date> {
  const { rows } = await trx.raw<{ rows: { created_at: Date }[] }>(
    `insert into sessions (session_id, user_id, created_at, last_used_at, expires_at, name, ip, user_agent)
     select :session_id, :user_id, now, now, now + :seconds * interval '1 second', :name, :ip, :user_agent
     from clock_timestamp() now returning created_at`,
    { session_id, user_id, seconds, name, ip, user_agent },
  );
  return (rows[0] as { created_at: Date }).created_at;
}

/** Ends those of the user that applications made. @returns their ids. */
export async function endLimitedSessions(trx: Knex, userId: string): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { session_id: string }[] }>(
    `update sessions set ended_at = clock_timestamp()
     where user_id = ? and ended_at is null and expires_at > clock_timestamp() returning session_id`,
    [userId],
  );
  return rows.map(({ session_id }) => session_id);
}

/** @returns undefined when the session has ended, is older than `maxDays`, or is limited. */
export async function touchSession(
  trx: Knex,
  sessionId: string,
  from: Origin,
  maxDays: number,
): Promise<SessionTimes | undefined> {
  const { rows } = await trx.raw<{ rows: SessionTimes[] }>(
    `update sessions set last_used_at = clock_timestamp(), ip = ?, user_agent = ?
     where session_id = ? and ended_at is null and expires_at is null and created_at > clock_timestamp() - ? * interval '1 day'
     returning created_at, last_used_at`,
    [from.ip, from.user_agent, sessionId, maxDays],
  );
  return rows[0];
}

/** @returns false when it is another user's or has already ended. */
export async function endSession(trx: Knex, userId: string, sessionId: string): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    'update sessions set ended_at = clock_timestamp() where session_id = ? and user_id = ? and ended_at is null',
    [sessionId, userId],
  );
  return rowCount > 0;
}

export async function isLimited(db: Knex, sessionId: string): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    'select 1 from sessions where session_id = ? and expires_at is not null',
    [sessionId],
  );
  return rows.length > 0;
}

/** Ends all sessions of the user but `except`. @returns how many. */
export async function endSessions(trx: Knex, userId: string, except: string | null): Promise<number> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    `update sessions set ended_at = clock_timestamp() where user_id = ? and ended_at is null and session_id is distinct from ?`,
    [userId, except],
  );
  return rowCount;
}

export async function sessionBelongsTo(db: Knex, userId: string, sessionId: string): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>('select 1 from sessions where session_id = ? and user_id = ?', [
    sessionId,
    userId,
  ]);
  return rows.length > 0;
}

type Raw = Origin & { id: string; name: string | null; created_at: Date; last_used_at: Date };

const LIVE = 'ended_at is null and (expires_at is null or expires_at > now())';

export async function countSessions(db: Knex, userId: string): Promise<number> {
  const { rows } = await db.raw<{ rows: [{ n: number }] }>(
    `select count(*)::int as n from sessions where user_id = ? and ${LIVE}`,
    [userId],
  );
  return rows[0].n;
}

/** Live sessions, newest first, at most 1000. */
export const sessionsOf = (db: Knex, userId: string): Promise<SessionRow[]> =>
  listSessions(db, userId, { limit: 999, skip: 0 });

/** Live sessions, newest first. Returns one more than `limit` when there are more. */
export async function listSessions(db: Knex, userId: string, { limit, skip, cursor }: IdPaging): Promise<SessionRow[]> {
  const { rows } = await db.raw<{ rows: Raw[] }>(
    `select session_id as id, name, created_at, last_used_at, ip, user_agent from sessions
     where user_id = :userId and ${LIVE} and (cast(:before as text) is null or session_id < :before)
     order by session_id desc limit :limit offset :skip`,
    { userId, before: cursor?.[0] ?? null, limit: limit + 1, skip },
  );
  return rows.map((row) => ({
    ...row,
    created_at: row.created_at.toISOString(),
    last_used_at: row.last_used_at.toISOString(),
  }));
}

/** Deletes sessions that can't be refreshed any more with their tokens, and expired tokens. */
export async function deleteOldSessions(db: Knex, unusedDays: number, maxDays: number): Promise<void> {
  await db.raw(
    `delete from sessions where session_id in (
       (select session_id from sessions where last_used_at < now() - ? * interval '1 day' order by last_used_at limit 1000)
       union (select session_id from sessions where created_at < now() - ? * interval '1 day' order by created_at limit 1000))`,
    [unusedDays, maxDays],
  );
  await db.raw(
    'delete from sessions where session_id in (select session_id from sessions where expires_at < now() order by expires_at limit 1000)',
  );
  await db.raw(
    `delete from refresh_tokens where token_hash in (select token_hash from refresh_tokens where expires_at < now() order by expires_at limit 1000)`,
  );
}
