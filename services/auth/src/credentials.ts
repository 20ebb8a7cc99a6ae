// Application keys: made by admins, shown once, ended at once on all gateways. Bots' tokens are
// stored beside them.
import { randomBytes } from 'node:crypto';
import { AppError, type IdPaging, notFound, type PageInfo, page } from '@chatapi/kit';
import { credentialHash, type Grant, type Person, type PersonName, type Scope } from '@chatapi/kit/auth';
import type { Context } from './context.ts';
import {
  type CredentialRow,
  countCredentials,
  deleteCredential,
  findGrant,
  findPersonById,
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
const newSecret = (prefix: 'cak' | 'cbt'): string => `${prefix}_${randomBytes(SECRET_BYTES).toString('base64url')}`;

/** @throws CONFLICT, reason `limit`. */
async function requireRoomFor(trx: Parameters<typeof countCredentials>[0], userId: string | null, max: number) {
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

/**
 * Gateways learn of it as of the end of a session.
 * @param userId the bot; null for application keys. @throws RESOURCE_NOT_FOUND
 */
export async function endCredential(ctx: Context, userId: string | null, id: string): Promise<void> {
  const revoked = await ctx.db.transaction(async (trx) => {
    if (!(await deleteCredential(trx, userId, id))) throw notFound(userId === null ? 'Key' : 'Token');
    return revoke(trx, { kind: 'session', subject: id });
  });
  publishAfterCommit(ctx, revoked);
}

export const grantOf = async (ctx: Context, hash: string): Promise<{ grant: Grant | null }> => ({
  grant: (await findGrant(ctx.reads, hash)) ?? null,
});

export async function findPerson(ctx: Context, name: PersonName): Promise<{ person: Person | null }> {
  if (!('user_id' in name)) return { person: null };
  return { person: (await findPersonById(ctx.reads, name.user_id)) ?? null };
}
