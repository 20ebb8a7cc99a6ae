// SQL of issuers: whose tokens may be exchanged for a session.
import type { IdPaging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { PublicJwk } from './trusted-keys.ts';

/** Names of the claims with these fields of the user. */
export interface ClaimNames {
  username?: string;
  display_name?: string;
  email?: string;
  avatar_url?: string;
}

export interface IssuerRow {
  id: string;
  issuer: string;
  audience: string;
  jwks_url: string | null;
  public_keys: PublicJwk[] | null;
  sealed_secret: Buffer | null;
  user_claim: string;
  create_users: boolean;
  claims: ClaimNames;
  created_at: Date;
  jwks_fetched_at: Date | null;
}

const COLUMNS =
  'id, issuer, audience, jwks_url, public_keys, sealed_secret, user_claim, create_users, claims, created_at, jwks_fetched_at';

/** @returns undefined when there are `max` already. One at a time. */
export async function insertIssuer(
  trx: Knex,
  row: Omit<IssuerRow, 'created_at' | 'jwks_fetched_at'>,
  max: number,
): Promise<IssuerRow | undefined> {
  await trx.raw('lock table issuers in share row exclusive mode');
  const { rows } = await trx.raw<{ rows: IssuerRow[] }>(
    `insert into issuers (id, issuer, audience, jwks_url, public_keys, sealed_secret, user_claim, create_users, claims)
     select :id, :issuer, :audience, :jwks_url, cast(:public_keys as jsonb), :sealed_secret, :user_claim, :create_users, cast(:claims as jsonb)
     where (select count(*) from issuers) < :max returning ${COLUMNS}`,
    {
      ...row,
      public_keys: row.public_keys && JSON.stringify(row.public_keys),
      claims: JSON.stringify(row.claims),
      max,
    },
  );
  return rows[0];
}

/** Newest first, one more than `limit` when there are more. */
export async function listIssuers(db: Knex, { limit, skip, cursor }: IdPaging): Promise<IssuerRow[]> {
  const { rows } = await db.raw<{ rows: IssuerRow[] }>(
    `select ${COLUMNS} from issuers where cast(:before as text) is null or id < :before
     order by id desc limit :limit offset :skip`,
    { before: cursor?.[0] ?? null, limit: limit + 1, skip },
  );
  return rows;
}

export async function issuersByName(db: Knex, issuer: string): Promise<IssuerRow[]> {
  const { rows } = await db.raw<{ rows: IssuerRow[] }>(
    `select ${COLUMNS} from issuers where issuer = ? order by id desc`,
    [issuer],
  );
  return rows;
}

export async function deleteIssuer(db: Knex, id: string): Promise<boolean> {
  const { rowCount } = await db.raw<{ rowCount: number }>('delete from issuers where id = ?', [id]);
  return rowCount > 0;
}

export async function saveJwks(db: Knex, id: string, jwks: string, at: Date): Promise<void> {
  await db.raw(
    'update issuers set jwks = ?, jwks_fetched_at = ? where id = ? and (jwks_fetched_at is null or jwks_fetched_at < ?)',
    [jwks, at, id, at],
  );
}

export async function savedJwks(db: Knex, id: string): Promise<{ jwks: string; at: Date } | undefined> {
  const { rows } = await db.raw<{ rows: { jwks: string; at: Date }[] }>(
    'select jwks, jwks_fetched_at as at from issuers where id = ? and jwks is not null',
    [id],
  );
  return rows[0];
}

export async function sealedSecrets(db: Knex): Promise<{ id: string; sealed_secret: Buffer }[]> {
  const { rows } = await db.raw<{ rows: { id: string; sealed_secret: Buffer }[] }>(
    'select id, sealed_secret from issuers where sealed_secret is not null',
  );
  return rows;
}

/** Nothing when another instance replaced it meanwhile. */
export async function replaceSealedSecret(db: Knex, id: string, old: Buffer, sealed: Buffer): Promise<void> {
  await db.raw('update issuers set sealed_secret = ? where id = ? and sealed_secret = ?', [sealed, id, old]);
}
