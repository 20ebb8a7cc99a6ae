// Application keys: made by admins, shown once, ended at once on all gateways. Bots' tokens are
// stored beside them.
import { randomBytes } from 'node:crypto';
import type { Revocation } from '@chatapi/bus';
import { AppError, type IdPaging, notFound, type PageInfo, page } from '@chatapi/kit';
import { credentialHash, type Grant, type Person, type PersonName, type Scope } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import type { Context } from './context.ts';
import {
  type CredentialRow,
  countCredentials,
  deleteCredential,
  findGrant,
  findPerson,
  insertCredential,
  listCredentials,
  lockCredentials,
} from './credential-store.ts';
import { publishAfterCommit, revoke } from './revocations.ts';

export interface NewKey {
  id: string;
  name: string;
  scopes: Scope[];
  expires_at?: string | null;
}

/** Without the secret and without the rooms, which only bots' tokens have. */
export type KeyView = Omit<CredentialRow, 'rooms'>;

const MAX_KEYS = 50;
const SECRET_BYTES = 32;

const viewKey = ({ rooms: _, ...key }: CredentialRow): KeyView => key;

/** 256 random bits. */
export const newSecret = (prefix: 'cak' | 'cbt'): string =>
  `${prefix}_${randomBytes(SECRET_BYTES).toString('base64url')}`;

/** @throws CONFLICT, reason `limit`. */
export async function requireRoomFor(trx: Knex, userId: string | null, max: number): Promise<void> {
  await lockCredentials(trx);
  if ((await countCredentials(trx, userId)) >= max)
    throw new AppError('CONFLICT', `There are ${max} already: end one first`, { details: { reason: 'limit' } });
}

export async function createKey(
  ctx: Context,
  { id, name, scopes, expires_at }: NewKey,
): Promise<KeyView & { key: string }> {
  const key = newSecret('cak');
  const row = await ctx.db.transaction(async (trx) => {
    await requireRoomFor(trx, null, MAX_KEYS);
    return insertCredential(trx, {
      id,
      user_id: null,
      token_hash: Buffer.from(credentialHash(key), 'hex'),
      name,
      scopes: [...new Set(scopes)],
      rooms: null,
      expires_at: expires_at ?? null,
    });
  });
  return { key, ...viewKey(row) };
}

export async function listKeys(ctx: Context, paging: IdPaging): Promise<{ keys: KeyView[] } & PageInfo> {
  const rows = await listCredentials(ctx.db, null, paging);
  return page('keys', rows.map(viewKey), paging.limit, ({ id }) => [id]);
}

/** Gateways learn of it as of the end of a session. Call it last in the transaction. */
export const revokeCredential = (trx: Knex, id: string): Promise<Revocation[]> =>
  revoke(trx, { kind: 'session', subject: id });

/** @throws RESOURCE_NOT_FOUND */
export async function endKey(ctx: Context, id: string): Promise<void> {
  const revoked = await ctx.db.transaction(async (trx) => {
    if (!(await deleteCredential(trx, null, id))) throw notFound('Key');
    return revokeCredential(trx, id);
  });
  publishAfterCommit(ctx, revoked);
}

export const grantOf = async (ctx: Context, hash: string): Promise<{ grant: Grant | null }> => ({
  grant: (await findGrant(ctx.reads, hash)) ?? null,
});

export const personOf = async (ctx: Context, name: PersonName): Promise<{ person: Person | null }> => ({
  person: (await findPerson(ctx.reads, name)) ?? null,
});
