// Owns: the SQL of refresh tokens, kept as SHA-256. A token leads to its parent; `spent` says that a successor was used.
// Lock order, everywhere: token, its parent, account, session, revocations. No two transactions can wait for each other.
import { createHash, randomBytes } from 'node:crypto';
import type { Knex } from '@chatapi/kit';

export interface UsedToken {
  token_hash: Buffer;
  parent_hash: Buffer | null;
  session_id: string;
  user_id: string;
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** A new token of 256 random bits, `parent` being the one it was exchanged for. */
export async function insertToken(trx: Knex, sessionId: string, parent: Buffer | null, days: number): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await trx.raw(
    `insert into refresh_tokens (token_hash, parent_hash, session_id, expires_at) values (?, ?, ?, now() + ? * interval '1 day')`,
    [hashOf(token), parent, sessionId, days],
  );
  return token;
}

/**
 * Uses a token unless it is spent or expired, and spends the one before it. The condition stands in the UPDATE itself:
 * whoever waited for the row's lock is judged by what the other one left.
 */
export async function useToken(trx: Knex, token: string): Promise<UsedToken | undefined> {
  const { rows } = await trx.raw<{ rows: UsedToken[] }>(
    `update refresh_tokens t set used_at = clock_timestamp() from sessions s
     where t.token_hash = ? and s.session_id = t.session_id and not t.spent and t.expires_at > now()
     returning t.token_hash, t.parent_hash, t.session_id, s.user_id`,
    [hashOf(token)],
  );
  const [used] = rows;
  if (used?.parent_hash)
    await trx.raw('update refresh_tokens set spent = true where token_hash = ? and not spent', [used.parent_hash]);
  return used;
}

/** Whose spent token this is; undefined for one that is unknown or merely expired. */
export async function findSpent(
  trx: Knex,
  token: string,
): Promise<{ session_id: string; user_id: string } | undefined> {
  const { rows } = await trx.raw<{ rows: { session_id: string; user_id: string }[] }>(
    'select s.session_id, s.user_id from refresh_tokens t join sessions s using (session_id) where t.token_hash = ? and t.spent',
    [hashOf(token)],
  );
  return rows[0];
}
