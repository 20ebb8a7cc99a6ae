// SQL of refresh tokens, stored as SHA-256. A session has one chain: each token has one successor,
// derived from it, and the use of a token spends all other tokens of the session but its successor.
// Call these functions while the account is locked.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { Knex } from '@chatapi/kit/data';

export interface TokenOwner {
  session_id: string;
  user_id: string;
}

export interface UsedToken {
  token_hash: Buffer;
  successor_key: Buffer;
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

async function insertToken(trx: Knex, sessionId: string, hash: Buffer, parent: Buffer | null, days: number) {
  // A repeated exchange returns the existing successor.
  await trx.raw(
    `insert into refresh_tokens (token_hash, parent_hash, session_id, expires_at)
     select ?, ?, ?, now() + ? * interval '1 day' where not exists (select 1 from refresh_tokens where token_hash = ?)`,
    [hash, parent, sessionId, days, hash],
  );
}

/** Starts a chain with a token of 256 random bits. Deletes all older tokens of the session. */
export async function startChain(trx: Knex, sessionId: string, days: number): Promise<string> {
  await trx.raw('delete from refresh_tokens where session_id = ?', [sessionId]);
  const token = randomBytes(32).toString('base64url');
  await insertToken(trx, sessionId, hashOf(token), null, days);
  return token;
}

export async function ownerOf(trx: Knex, token: string): Promise<TokenOwner | undefined> {
  const { rows } = await trx.raw<{ rows: TokenOwner[] }>(
    'select s.session_id, s.user_id from refresh_tokens t join sessions s using (session_id) where t.token_hash = ?',
    [hashOf(token)],
  );
  return rows[0];
}

/**
 * Uses a token and spends all others of its session but its successor.
 * @returns undefined when it is spent, expired or unknown.
 */
export async function useToken(trx: Knex, sessionId: string, token: string): Promise<UsedToken | undefined> {
  const { rows } = await trx.raw<{ rows: UsedToken[] }>(
    `update refresh_tokens set used_at = clock_timestamp(), successor_key = coalesce(successor_key, ?)
     where token_hash = ? and not spent and expires_at > now() returning token_hash, successor_key`,
    [randomBytes(32), hashOf(token)],
  );
  const [used] = rows;
  if (used === undefined) return undefined;
  await trx.raw(
    `update refresh_tokens set spent = true
     where session_id = ? and not spent and token_hash <> ? and parent_hash is distinct from ?`,
    [sessionId, used.token_hash, used.token_hash],
  );
  return used;
}

/** Derives the successor from the token and the stored key; neither is enough without the other. */
export async function insertSuccessor(
  trx: Knex,
  sessionId: string,
  token: string,
  { token_hash, successor_key }: UsedToken,
  days: number,
): Promise<string> {
  const successor = createHmac('sha256', successor_key).update(token).digest('base64url');
  await insertToken(trx, sessionId, hashOf(successor), token_hash, days);
  return successor;
}

/** False for a token that is unknown or only expired. */
export async function isSpent(trx: Knex, token: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>('select 1 from refresh_tokens where token_hash = ? and spent', [
    hashOf(token),
  ]);
  return rows.length > 0;
}
