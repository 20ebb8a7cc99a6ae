// Invites: codes with which somebody may register. A use is counted in the transaction of the
// account, so a registration that fails uses none.
import { randomBytes } from 'node:crypto';
import { recordFact } from '@chatapi/bus';
import { AppError, type IdPaging, notFound, type PageInfo, page } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { Context } from '../context.ts';
import {
  countUse,
  deleteInvite,
  deleteOldInvites,
  type InviteRow,
  insertInvite,
  isUsable,
  listInvites,
} from './invite-store.ts';

type Ctx = Pick<Context, 'db'>;

const DEFAULT_DAYS = 7;
const KEPT_DAYS = 30;

export interface NewInvite {
  id: string;
  max_uses: number;
  expires_at?: string | null;
  rooms: string[];
}

/** Without the code, which is shown once. */
export interface InviteView {
  id: string;
  max_uses: number;
  uses: number;
  expires_at: string;
  rooms: string[];
  created_at: string;
}

const viewOf = ({ expires_at, created_at, ...rest }: InviteRow): InviteView => ({
  ...rest,
  expires_at: expires_at.toISOString(),
  created_at: created_at.toISOString(),
});

export async function createInvite(
  { db }: Ctx,
  { expires_at = null, ...invite }: NewInvite,
): Promise<InviteView & { code: string }> {
  const code = randomBytes(32).toString('base64url');
  const row = await insertInvite(db, code, { ...invite, expires_at, default_days: DEFAULT_DAYS });
  return { ...viewOf(row), code };
}

export async function showInvites({ db }: Ctx, paging: IdPaging): Promise<{ invites: InviteView[] } & PageInfo> {
  return page('invites', (await listInvites(db, paging)).map(viewOf), paging.limit, ({ id }) => [id]);
}

export async function removeInvite({ db }: Ctx, id: string): Promise<void> {
  if (!(await deleteInvite(db, id))) throw notFound('Invite');
}

const invalidInvite = (): AppError =>
  new AppError('AUTHORIZATION_ERROR', 'This invite is not valid', { details: { reason: 'invite_invalid' } });

/**
 * A look before the expensive part of a registration.
 * @throws AUTHORIZATION_ERROR, the same for an unknown, used up or expired one.
 */
export async function requireInvite(db: Knex, code: string): Promise<void> {
  if (!(await isUsable(db, code))) throw invalidInvite();
}

/**
 * Uses the invite for a new account. The message service hears of its rooms by a fact.
 * @throws AUTHORIZATION_ERROR when others used it up meanwhile.
 */
export async function useInvite(trx: Knex, code: string, userId: string): Promise<void> {
  const rooms = await countUse(trx, code);
  if (rooms === undefined) throw invalidInvite();
  if (rooms.length > 0)
    await recordFact(trx, 'account.invited', { user_id: userId, rooms, at: new Date().toISOString() });
}

export const sweepInvites = ({ db }: Ctx): Promise<void> => deleteOldInvites(db, KEPT_DAYS);
