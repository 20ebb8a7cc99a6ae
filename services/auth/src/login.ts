// Owns: who gets a session: register and login. An unknown name and a wrong password are one answer in one time.
import { AppError } from '@chatapi/kit';
import { type AccountRow, accountByName, lockAccount, replaceHash } from './account-store.ts';
import { conflict, createAccount, type Newcomer, takenFields } from './accounts.ts';
import { isBanned, liftEndedBan, refuseBanned } from './bans.ts';
import type { Context } from './context.ts';
import { beginTry } from './login-limit.ts';
import { nameKey, unknownKey } from './names.ts';
import { checkPassword } from './passwords.ts';
import type { Origin } from './session-store.ts';
import { type Opened, openSession, type Tokens, tokensOf } from './sessions.ts';
import { newUser, type User, userOf } from './user-view.ts';

export type Welcome = { user: User } & Tokens;

export async function register(ctx: Context, from: Origin, who: Newcomer & { password: string }): Promise<Welcome> {
  checkPassword('password', who.password, [
    who.username,
    who.email,
    who.email.split('@')[0] as string,
    who.display_name ?? '',
  ]);
  const taken = await takenFields(ctx.db, who);
  if (taken.length > 0) throw conflict(taken);
  const hash = await ctx.hasher.inTurn(() => ctx.hasher.hash(who.password));
  const opened = await ctx.db.transaction(async (trx) => {
    const account = await createAccount(trx, who, hash, 'user');
    return account === undefined ? undefined : openSession(ctx, trx, account, from);
  });
  if (opened === undefined) throw conflict(await takenFields(ctx.db, who));
  ctx.facts.nudge();
  return { user: newUser(opened.account), ...tokensOf(ctx, opened) };
}

const wrong = (): AppError => new AppError('AUTHENTICATION_ERROR', 'Username or password is wrong');

/** The account whose password this is. Counts the try. */
async function prove(ctx: Context, ip: string, name: string, password: string): Promise<AccountRow> {
  const key = nameKey(name);
  const account = await accountByName(ctx.db, key);
  const attempt = await beginTry(ctx, account?.user_id ?? unknownKey(key), ip);
  const right = await ctx.hasher.matches(password, account?.password_hash).catch(async (error) => {
    await attempt.release();
    throw error;
  });
  if (!right) {
    await attempt.fail();
    throw wrong();
  }
  await attempt.release();
  return account as AccountRow;
}

/** What was proved holds only while the account is as it was then, looked at again under its lock; `undefined`: it is not. */
function enter(ctx: Context, proved: AccountRow, from: Origin): Promise<Opened | undefined> {
  return ctx.db.transaction(async (trx) => {
    const account = await lockAccount(trx, proved.user_id);
    if (account?.password_hash !== proved.password_hash) return undefined;
    refuseBanned(account);
    return openSession(ctx, trx, account, from);
  });
}

/** A hash of the days of a lower cost is made anew while its password is at hand; the login does not depend on it. */
async function strengthen(ctx: Context, { user_id, password_hash }: AccountRow, password: string): Promise<void> {
  if (!ctx.hasher.isWeak(password_hash)) return;
  try {
    await ctx.hasher.inTurn(async () => replaceHash(ctx.db, user_id, password_hash, await ctx.hasher.hash(password)));
  } catch (err) {
    ctx.log.debug({ err: (err as Error).message }, 'a hash was not made anew; the next login tries again');
  }
}

export interface Credentials {
  username_or_email: string;
  password: string;
}

export async function login(ctx: Context, from: Origin, who: Credentials, requestId: string): Promise<Welcome> {
  const attempt = async (): Promise<Opened | undefined> => {
    const proved = await ctx.hasher.inTurn(() => prove(ctx, from.ip, who.username_or_email, who.password));
    if (isBanned(proved)) await liftEndedBan(ctx, proved.user_id);
    const opened = await enter(ctx, proved, from);
    if (opened !== undefined) await strengthen(ctx, proved, who.password);
    return opened;
  };
  // Twice: the hash may be another one because the same password was hashed anew by a login beside this one.
  const opened = (await attempt()) ?? (await attempt());
  if (opened === undefined) throw wrong();
  ctx.facts.nudge();
  return { user: await userOf(ctx, opened.account, requestId), ...tokensOf(ctx, opened) };
}
