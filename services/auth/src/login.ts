// Login. An unknown name and a wrong password give the same answer in the same time.
import { AppError, securityEvent } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { type AccountRow, accountByName, lockAccount, replaceHash } from './account-store.ts';
import { isBanned, liftExpiredBan, requireUsable } from './bans.ts';
import type { Context } from './context.ts';
import { deviceOf, knownDeviceKey } from './known-device.ts';
import { beginLoginAttempt } from './login-limit.ts';
import { queueNotice } from './mail/queue.ts';
import { nameKey, unknownNameKey } from './name-key.ts';
import type { RequestOrigin } from './session-store.ts';
import { createSession, type SessionGrant, type Tokens, tokensOf } from './sessions.ts';
import { type User, userOf } from './user-view.ts';

export type LoginResult = { user: User } & Tokens;
const wrongCredentials = (): AppError => new AppError('AUTHENTICATION_ERROR', 'Username or password is wrong');

export interface Credentials {
  username_or_email: string;
  password: string;
}

/** @returns the account. @throws AUTHENTICATION_ERROR, and counts the failure. */
async function verifyCredentials(
  ctx: Context,
  from: RequestOrigin,
  { username_or_email, password }: Credentials,
): Promise<AccountRow> {
  const key = nameKey(username_or_email);
  const account = await accountByName(ctx.db, key);
  const user_id = account?.user_id;
  const device = await knownDeviceKey(ctx.db, user_id, from);
  const { ip, request_id } = from;
  const attempt = await beginLoginAttempt(ctx, user_id ?? unknownNameKey(key), device, { user_id, ip, request_id });
  const matches = await ctx.hasher.matches(password, account?.password_hash ?? undefined).catch(async (error) => {
    await attempt.release();
    throw error;
  });
  if (!matches) {
    await attempt.fail();
    throw wrongCredentials();
  }
  await attempt.release();
  return account as AccountRow;
}

/**
 * Reads the account again under its lock.
 * @returns undefined when the password was changed after it was checked.
 */
function createVerifiedSession(
  ctx: Context,
  verified: AccountRow,
  from: RequestOrigin,
): Promise<SessionGrant | undefined> {
  return ctx.db.transaction(async (trx) => {
    const account = await lockAccount(trx, verified.user_id);
    if (account?.password_hash !== verified.password_hash) return undefined;
    requireUsable(account);
    requireVerified(ctx, account);
    const grant = await createSession(ctx, trx, account, from);
    if (grant.is_new_device) await noticeNewDevice(ctx, trx, account, from);
    return grant;
  });
}

/**
 * Call it only after the user proved who they are. An account without an address has none to
 * confirm.
 */
function requireVerified({ config }: Pick<Context, 'config'>, { email, email_verified }: AccountRow): void {
  if (!config.REQUIRE_VERIFIED_EMAIL || email === null || email_verified) return;
  throw new AppError('AUTHORIZATION_ERROR', 'The e-mail address of this account is not confirmed', {
    details: { reason: 'email_unverified' },
  });
}

const noticeNewDevice = (ctx: Context, trx: Knex, { user_id, email }: AccountRow, from: RequestOrigin): Promise<void> =>
  queueNotice(ctx, trx, from, {
    kind: 'new-device',
    user_id,
    recipient: email,
    told: { device: deviceOf(from).family },
  });

/** Replaces a hash of a lower cost while the password is known. The login does not depend on it. */
async function upgradeHash(ctx: Context, { user_id, password_hash }: AccountRow, password: string): Promise<void> {
  if (password_hash === null || !ctx.hasher.isWeak(password_hash)) return;
  try {
    await ctx.hasher.withSlot(async () => replaceHash(ctx.db, user_id, password_hash, await ctx.hasher.hash(password)));
  } catch (err) {
    ctx.log.debug({ err: (err as Error).message }, 'password hash not upgraded; the next login tries again');
  }
}

/** The password was right: whoever has it must learn of the ban, and the log too. */
function recordBlocked(ctx: Context, { ip, request_id }: RequestOrigin, { user_id }: AccountRow, error: unknown): void {
  if (error instanceof AppError && error.code === 'AUTHORIZATION_ERROR') {
    // The reason of a ban is a text of staff, which is not for the log.
    const reason = 'until' in error.details ? 'banned' : String(error.details.reason);
    securityEvent(ctx, 'login.failed', { user_id, ip, request_id, reason });
  }
}

export async function login(ctx: Context, from: RequestOrigin, input: Credentials): Promise<LoginResult> {
  const attempt = async (): Promise<SessionGrant | undefined> => {
    const verified = await ctx.hasher.withSlot(() => verifyCredentials(ctx, from, input));
    if (isBanned(verified)) await liftExpiredBan(ctx, verified.user_id);
    const grant = await createVerifiedSession(ctx, verified, from).catch((error) => {
      recordBlocked(ctx, from, verified, error);
      throw error;
    });
    if (grant !== undefined) await upgradeHash(ctx, verified, input.password);
    return grant;
  };
  // Twice: a concurrent login may have upgraded the hash of the same password.
  const grant = (await attempt()) ?? (await attempt());
  if (grant === undefined) throw wrongCredentials();
  ctx.facts.nudge();
  const { ip, request_id } = from;
  securityEvent(ctx, 'login.succeeded', {
    user_id: grant.account.user_id,
    session_id: grant.session_id,
    ip,
    request_id,
  });
  return { user: await userOf(ctx, grant.account, from.request_id), ...(await tokensOf(ctx, grant)) };
}
