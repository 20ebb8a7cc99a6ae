// SQL of application keys and bot tokens. Only their SHA-256 is stored.
import type { IdPaging } from '@chatapi/kit';
import type { Grant, Person, PersonName, Scope } from '@chatapi/kit/auth';
import type { Knex, PipelinedPool } from '@chatapi/kit/data';
import { STATUS } from './account-store.ts';

export interface NewCredential {
  id: string;
  /** The bot; null for an application key. */
  user_id: string | null;
  token_hash: Buffer;
  name: string;
  scopes: readonly Scope[];
  rooms: readonly string[] | null;
  expires_at: string | null;
}

export interface CredentialRow {
  id: string;
  name: string;
  scopes: Scope[];
  rooms: string[] | null;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

type Raw = Omit<CredentialRow, 'created_at' | 'expires_at' | 'last_used_at'> & {
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
};

const COLUMNS = 'credential_id as id, name, scopes, rooms, created_at, expires_at, last_used_at';

const toRow = (row: Raw): CredentialRow => ({
  ...row,
  created_at: row.created_at.toISOString(),
  expires_at: row.expires_at?.toISOString() ?? null,
  last_used_at: row.last_used_at?.toISOString() ?? null,
});

/** Makes those who count and insert wait for each other. Readers do not wait. */
export const lockCredentials = (trx: Knex): Promise<void> =>
  trx.raw('lock table credentials in share row exclusive mode');

/** @param userId the bot; null for application keys. */
export async function countCredentials(trx: Knex, userId: string | null): Promise<number> {
  const { rows } = await trx.raw<{ rows: [{ count: number }] }>(
    'select count(*)::int as count from credentials where user_id is not distinct from ?',
    [userId],
  );
  return rows[0].count;
}

export async function insertCredential(trx: Knex, one: NewCredential): Promise<CredentialRow> {
  const { rows } = await trx.raw<{ rows: Raw[] }>(
    `insert into credentials (credential_id, kind, user_id, token_hash, name, scopes, rooms, expires_at)
     values (:id, case when cast(:user_id as text) is null then 'key' else 'bot' end, :user_id, :token_hash, :name,
       :scopes, :rooms, :expires_at) returning ${COLUMNS}`,
    { ...one },
  );
  return toRow(rows[0] as Raw);
}

/** Newest first. Returns one more than `limit` when there are more. */
export async function listCredentials(
  db: Knex,
  userId: string | null,
  { limit, skip, cursor }: IdPaging,
): Promise<CredentialRow[]> {
  const { rows } = await db.raw<{ rows: Raw[] }>(
    `select ${COLUMNS} from credentials where user_id is not distinct from :userId
       and (cast(:before as text) is null or credential_id < :before)
     order by credential_id desc limit :limit offset :skip`,
    { userId, before: cursor?.[0] ?? null, limit: limit + 1, skip },
  );
  return rows.map(toRow);
}

/** @returns false when there is none. */
export async function deleteCredential(trx: Knex, userId: string | null, id: string): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    'delete from credentials where credential_id = ? and user_id is not distinct from ?',
    [id, userId],
  );
  return rowCount === 1;
}

type RawGrant = Omit<Grant, 'rooms' | 'expires_at' | 'as_of'> & {
  rooms: string[] | null;
  expires_at: Date | null;
  as_of: Date;
};

const FIND = `
  select credential_id as id, c.kind, coalesce(user_id, credential_id) as user_id, scopes, rooms, expires_at,
    coalesce(a.role, case when 'moderation:write' = any(scopes) then 'moderator' else 'user' end) as role,
    coalesce(${STATUS}, 'active') as status, clock_timestamp() as as_of
  from credentials c left join accounts a using (user_id) where token_hash = decode($1, 'hex')`;

/** @param hash SHA-256 of the token in hex. */
export async function findGrant(reads: PipelinedPool, hash: string): Promise<Grant | undefined> {
  const { rows } = await reads.query<RawGrant>({ name: 'grant', text: FIND, values: [hash] });
  const [row] = rows;
  if (row === undefined) return undefined;
  const { rooms, expires_at, as_of, ...grant } = row;
  return {
    ...grant,
    ...(rooms === null ? {} : { rooms }),
    expires_at: expires_at?.toISOString() ?? null,
    as_of: as_of.toISOString(),
  };
}

const PERSON = `select a.user_id, a.kind, a.role, ${STATUS} as status, clock_timestamp() as as_of from accounts a where`;

export async function findPerson(reads: PipelinedPool, name: PersonName): Promise<Person | undefined> {
  const query =
    'user_id' in name
      ? { name: 'person-by-id', text: `${PERSON} a.user_id = $1`, values: [name.user_id] }
      : { name: 'person-by-external-id', text: `${PERSON} a.external_id = $1`, values: [name.external_id] };
  const [person] = (await reads.query<Omit<Person, 'as_of'> & { as_of: Date }>(query)).rows;
  return person && { ...person, as_of: person.as_of.toISOString() };
}

/** Several gateways tell of the same key, in any order. */
export async function noteUse(db: Knex, used: { id: string; at: string }[]): Promise<void> {
  await db.raw(
    `update credentials c set last_used_at = greatest(c.last_used_at, least(u.at, clock_timestamp()))
     from (select id, at from jsonb_to_recordset(?::jsonb) u(id text, at timestamptz) order by id) u
     where c.credential_id = u.id`,
    [JSON.stringify(used)],
  );
}
