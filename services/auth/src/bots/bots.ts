// Bots: accounts that programs use by tokens. Their owners manage them, admins all, applications
// those that have no owner.
import { recordFact } from '@chatapi/bus';
import { AppError, type IdPaging, newId, notFound, type PageInfo, page } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import { accountFact, conflict } from '../accounts.ts';
import { raiseProfileVersions, takenKeys, updateNames } from '../app-users/app-user-store.ts';
import { type AppCall, recordAct } from '../app-users/audit.ts';
import type { ProfileChange } from '../app-users/profile-change-store.ts';
import { recordProfileChanges, tellProfileChanges } from '../app-users/profile-changes.ts';
import type { Context } from '../context.ts';
import { erase } from '../erasure.ts';
import { nameKey, unknownNameKey } from '../name-key.ts';
import { publishAfterCommit } from '../revocations.ts';
import { profilesOf, type User, userWith } from '../user-view.ts';
import { type BotRow, countBots, findBot, insertBot, listBots, lockBot, lockOwner } from './bot-store.ts';

export type BotView = User & { owner_id: string | null };

export interface BotFields {
  username?: string;
  display_name?: string;
  avatar_url?: string | null;
  /** Kept as the bio of the bot's profile. */
  description?: string;
}

export type NewBotFields = BotFields & { username: string };

type BotCall<B = unknown> = AppCall<{ id: string }, unknown, B>;

/** Where everybody may make bots. */
const MAX_PER_OWNER = 20;

const managesAll = ({ role }: Caller): boolean => role === 'admin';

/** Bots of applications have no owner. */
const ownerOf = ({ kind, user_id }: Caller): string | null => (kind === 'key' ? null : user_id);

/** A bot that could make bots would outlive the end of its tokens. */
function requirePerson({ kind }: Caller): void {
  if (kind === 'bot') throw new AppError('AUTHORIZATION_ERROR', 'Bots can’t manage bots');
}

/** @throws RESOURCE_NOT_FOUND also for a bot of somebody else. */
export function requireManaged(caller: Caller, bot: BotRow | undefined): BotRow {
  requirePerson(caller);
  if (bot === undefined || !(managesAll(caller) || bot.owner_id === ownerOf(caller))) throw notFound('Bot');
  return bot;
}

const usernameTaken = (): AppError => conflict([{ path: 'username', message: 'this username is taken' }]);

/** @throws CONFLICT */
async function requireFree(trx: Knex, username: string, userId?: string): Promise<void> {
  const key = nameKey(username);
  const hash = unknownNameKey(key);
  const { usernames, blocked } = await takenKeys(trx, [key], [], [hash]);
  const owner = usernames.get(key);
  if ((owner !== undefined && owner !== userId) || (owner === undefined && blocked.has(hash))) throw usernameTaken();
}

const profileChangeOf = ({ avatar_url, description }: BotFields, display_name?: string): ProfileChange => ({
  ...(display_name === undefined ? {} : { display_name }),
  ...(avatar_url === undefined ? {} : { avatar_url }),
  ...(description === undefined ? {} : { bio: description }),
});

/** Tells the user service after the commit, and again later if it is away. */
async function recordProfile(trx: Knex, user_id: string, change: ProfileChange): Promise<void> {
  if (Object.keys(change).length === 0) return;
  const version = (await raiseProfileVersions(trx, [user_id])).get(user_id) as number;
  await recordProfileChanges(trx, [{ user_id, version, change }]);
}

async function viewBots(ctx: Context, bots: BotRow[], request_id: string): Promise<BotView[]> {
  const ids = bots.map(({ user_id }) => user_id);
  await tellProfileChanges(ctx, ids, request_id);
  const profiles = await profilesOf(ctx, ids, { request_id });
  return bots.map((bot) => ({ ...userWith(bot, profiles.get(bot.user_id)), owner_id: bot.owner_id }));
}

const viewBot = async (ctx: Context, bot: BotRow, request_id: string): Promise<BotView> =>
  (await viewBots(ctx, [bot], request_id))[0] as BotView;

async function requireMayCreate(ctx: Context, trx: Knex, caller: Caller): Promise<void> {
  requirePerson(caller);
  if (managesAll(caller) || caller.kind === 'key') return;
  if (ctx.config.BOTS !== 'everyone')
    throw new AppError('AUTHORIZATION_ERROR', 'Only admins may create bots', { details: { reason: 'bots' } });
  await lockOwner(trx, caller.user_id);
  if ((await countBots(trx, caller.user_id)) >= MAX_PER_OWNER)
    throw new AppError('CONFLICT', `You have ${MAX_PER_OWNER} bots: delete one first`, {
      details: { reason: 'limit' },
    });
}

export async function createBot(ctx: Context, call: AppCall<unknown, unknown, NewBotFields>): Promise<BotView> {
  const { caller, body } = call;
  const { username, display_name } = body;
  const bot = await ctx.db.transaction(async (trx) => {
    await requireMayCreate(ctx, trx, caller);
    await requireFree(trx, username);
    const made = await insertBot(trx, {
      user_id: newId('usr'),
      username,
      username_key: nameKey(username),
      display_name: display_name || username,
      owner_id: ownerOf(caller),
    });
    if (made === undefined) throw usernameTaken();
    await recordFact(trx, 'account.created', { ...accountFact(made), display_name: made.display_name });
    await recordProfile(trx, made.user_id, profileChangeOf(body));
    await recordAct(trx, call, { action: 'bot.create', target_id: made.user_id });
    return made;
  });
  ctx.facts.nudge();
  return viewBot(ctx, bot, call.request_id);
}

export async function showBots(
  ctx: Context,
  { caller, query, request_id }: AppCall<unknown, IdPaging>,
): Promise<{ bots: BotView[] } & PageInfo> {
  requirePerson(caller);
  const rows = await listBots(ctx.db, { all: managesAll(caller), ownerId: ownerOf(caller) }, query);
  const { bots, ...info } = page('bots', rows, query.limit, ({ user_id }) => [user_id]);
  return { bots: await viewBots(ctx, bots, request_id), ...info };
}

export async function changeBot(ctx: Context, call: BotCall<BotFields>): Promise<BotView> {
  const { caller, body, params, request_id } = call;
  const bot = await ctx.db.transaction(async (trx) => {
    const before = requireManaged(caller, await lockBot(trx, params.id));
    const { username = before.username } = body;
    let now = before;
    if (username !== before.username) {
      await requireFree(trx, username, before.user_id);
      const names = {
        user_id: before.user_id,
        username,
        username_key: nameKey(username),
        email: null,
        email_key: null,
      };
      const [renamed] = await updateNames(trx, [names]);
      now = { ...before, ...renamed };
      await recordFact(trx, 'account.updated', accountFact(now));
    }
    await recordProfile(trx, before.user_id, profileChangeOf(body, body.display_name));
    await recordAct(trx, call, {
      action: 'bot.update',
      target_id: before.user_id,
      details: { fields: Object.keys(body) },
    });
    return now;
  });
  ctx.facts.nudge();
  return viewBot(ctx, bot, request_id);
}

/** As an erasure: its tokens and sockets end, and others see that it is gone. */
export async function deleteBot(ctx: Context, call: BotCall): Promise<void> {
  const revoked = await ctx.db.transaction(async (trx) => {
    const bot = requireManaged(call.caller, await lockBot(trx, call.params.id));
    await recordAct(trx, call, { action: 'bot.delete', target_id: bot.user_id });
    return erase(trx, bot);
  });
  publishAfterCommit(ctx, revoked);
}

export const managedBot = async (ctx: Context, { caller, params }: BotCall<any>): Promise<BotRow> =>
  requireManaged(caller, await findBot(ctx.db, params.id));
