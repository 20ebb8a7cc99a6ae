import { markAdminCreated, verifyFirstAdmin } from './account-store.ts';
import { createAccount, recordAccount, takenFields } from './accounts.ts';
import type { Context } from './context.ts';
import { nameKey, unknownNameKey } from './name-key.ts';

/**
 * Creates the admin named in the settings, once. An existing account with that name is left as it
 * is, whatever its role and password. An erased admin is not created again.
 */
export async function ensureFirstAdmin(ctx: Pick<Context, 'config' | 'log' | 'db' | 'hasher'>): Promise<void> {
  const { ADMIN_USERNAME: username, ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = ctx.config;
  if (username === undefined || email === undefined || password === undefined) return;
  const exists = (await takenFields(ctx.db, { username, email })).length > 0;
  const hash = exists ? '' : await ctx.hasher.hash(password);
  const created = await ctx.db.transaction(async (trx) => {
    const first = await markAdminCreated(trx, unknownNameKey(nameKey(username)));
    // One of a release before.
    const verified = exists ? await verifyFirstAdmin(trx, nameKey(username), nameKey(email)) : undefined;
    if (verified !== undefined) await recordAccount(trx, verified);
    const rights = { role: 'admin', email_verified: true } as const;
    return first && !exists ? createAccount(trx, { username, email }, hash, rights) : undefined;
  });
  if (created === undefined) return; // created before, or by another instance
  ctx.log.info({ user_id: created.user_id }, 'first admin created');
}
