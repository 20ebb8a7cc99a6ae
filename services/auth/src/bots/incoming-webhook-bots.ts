// The accounts of incoming webhooks: bots that nobody manages by `/bots`, without tokens. Their
// posts come through the integration service.
import { recordFact } from '@chatapi/bus';
import { notFound, unavailable } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { type AccountRow, lockAccount, updateDeactivation } from '../account-store.ts';
import { accountFact } from '../accounts.ts';
import { derivedUsername } from '../app-users/usernames.ts';
import { revocationOf } from '../bans.ts';
import type { Context } from '../context.ts';
import { nameKey } from '../name-key.ts';
import { publishAfterCommit, revoke } from '../revocations.ts';
import { insertBotAccount, lockBot } from './bot-store.ts';

export interface HookBot {
  /** Chosen by the integration service, so that a retry makes no second account. */
  user_id: string;
  display_name: string;
}

/** 40 random bits: one is free at once, but for blocked names that look alike. */
const TRIES = 5;

async function insertWithFreeName(trx: Knex, { user_id, display_name }: HookBot): Promise<AccountRow> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const username = derivedUsername(display_name);
    const made = await insertBotAccount(trx, { user_id, username, username_key: nameKey(username), display_name });
    if (made !== undefined) return made;
  }
  throw unavailable('A username');
}

/** Only those: the integration service must not reach other accounts. @throws RESOURCE_NOT_FOUND */
async function lockHookBot(trx: Knex, user_id: string): Promise<AccountRow | undefined> {
  const account = await lockAccount(trx, user_id);
  if (account === undefined) return undefined;
  if (account.kind !== 'bot' || (await lockBot(trx, user_id)) !== undefined) throw notFound('Bot');
  return account;
}

/** Idempotent. */
export async function createHookBot(ctx: Context, bot: HookBot): Promise<{ user_id: string; username: string }> {
  const account = await ctx.db.transaction(async (trx) => {
    const before = await lockHookBot(trx, bot.user_id);
    if (before !== undefined) return before;
    const made = await insertWithFreeName(trx, bot);
    await recordFact(trx, 'account.created', { ...accountFact(made), display_name: made.display_name });
    return made;
  });
  ctx.facts.nudge();
  return { user_id: account.user_id, username: account.username };
}

/** Its messages stay, under its name. Idempotent, also for an account that is gone. */
export async function retireHookBot(ctx: Context, user_id: string): Promise<void> {
  const revoked = await ctx.db.transaction(async (trx) => {
    if ((await lockHookBot(trx, user_id)) === undefined) return undefined;
    const account = await updateDeactivation(trx, user_id, true);
    if (account === undefined) return undefined;
    await recordFact(trx, 'account.updated', accountFact(account));
    return await revoke(trx, revocationOf(account));
  });
  if (revoked !== undefined) publishAfterCommit(ctx, revoked);
}
