import { takenNames } from './account-store.ts';
import { createAccount } from './accounts.ts';
import type { Context } from './context.ts';
import { nameKey } from './names.ts';

/** Creates the admin of the settings once. One that exists, in whatever role and with whatever password, is left alone. */
export async function ensureFirstAdmin(ctx: Pick<Context, 'config' | 'log' | 'db' | 'hasher'>): Promise<void> {
  const { ADMIN_USERNAME: username, ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = ctx.config;
  if (username === undefined || email === undefined || password === undefined) return;
  const taken = await takenNames(ctx.db, nameKey(username), nameKey(email));
  if (taken.username || taken.email) return;
  const hash = await ctx.hasher.hash(password);
  const created = await ctx.db.transaction((trx) => createAccount(trx, { username, email }, hash, 'admin'));
  if (created === undefined) return; // another instance was faster
  ctx.log.info({ user_id: created.user_id }, 'first admin created');
}
