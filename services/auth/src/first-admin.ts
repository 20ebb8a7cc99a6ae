import { markMade, takenNames } from './account-store.ts';
import { createAccount } from './accounts.ts';
import type { Context } from './context.ts';
import { nameKey, unknownKey } from './names.ts';

/**
 * Creates the admin of the settings once. One that exists, in whatever role and with whatever password, is left alone; one
 * that was erased does not come back.
 */
export async function ensureFirstAdmin(ctx: Pick<Context, 'config' | 'log' | 'db' | 'hasher'>): Promise<void> {
  const { ADMIN_USERNAME: username, ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = ctx.config;
  if (username === undefined || email === undefined || password === undefined) return;
  const taken = await takenNames(ctx.db, nameKey(username), nameKey(email));
  const exists = taken.username || taken.email;
  const hash = exists ? '' : await ctx.hasher.hash(password);
  const created = await ctx.db.transaction(async (trx) => {
    const first = await markMade(trx, unknownKey(nameKey(username)));
    return first && !exists ? createAccount(trx, { username, email }, hash, 'admin') : undefined;
  });
  if (created === undefined) return; // it was made before, now or by another instance
  ctx.log.info({ user_id: created.user_id }, 'first admin created');
}
