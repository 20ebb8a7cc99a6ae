// The hook before messages, by admins and by application keys with `webhooks:write`. The message
// service has a copy of what it needs, and asks through post-to-hook.ts.
import { every, notFound, oneOf, type RecurringTask, type RequestContext, time, wireObject } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { recordAudit } from '../webhooks/audit.ts';
import { newSecret } from '../webhooks/sign.ts';
import { deleteHook, type HookInput, type HookRow, markTold, readHook, saveHook, untoldHook } from './hook-store.ts';

export interface Hook extends HookInput {
  created_by: string;
  created_at: string;
  updated_at: string;
  secret?: string;
}

export const hookSchema = wireObject<Hook>(
  'BeforeMessageHook',
  {
    url: Joi.string(),
    timeout_ms: Joi.number().integer(),
    on_failure: oneOf('accept', 'reject').description('what becomes of messages while it does not answer'),
    rooms: Joi.array().items(Joi.string()).allow(null).description('null: all'),
    created_by: Joi.string(),
    created_at: time(),
    updated_at: time(),
  },
  { secret: Joi.string().description('signs requests; only when the hook is new') },
);

type View = Omit<HookRow, 'revision' | 'secret'> & { secret?: string };

const viewOf = ({ revision: _, secret: __, ...shown }: HookRow): View => shown;

const TARGET = 'before-message';
const POLL_MS = 500;

type Telling = Pick<Context, 'db' | 'message'>;

/** The message service must know it before it holds. */
async function tellMessage({ db, message }: Telling): Promise<void> {
  const untold = await untoldHook(db);
  if (untold === undefined) return;
  const { revision, hook } = untold;
  const told = hook && { timeout_ms: hook.timeout_ms, on_failure: hook.on_failure, rooms: hook.rooms };
  await message.call('POST', '/internal/before-message-hook', { body: { revision, hook: told } });
  await markTold(db, revision);
}

/** Until it has heard: it may be away when a change is made. */
export const startTelling = (ctx: Telling & Pick<Context, 'log'>): RecurringTask =>
  every(
    POLL_MS,
    () => tellMessage(ctx),
    (err) => ctx.log.debug({ err: err.message }, 'the message service was not told of the hook; will retry'),
  );

const tellSoon = async (ctx: Context): Promise<void> =>
  await tellMessage(ctx).catch((err: Error) => ctx.log.debug({ err: err.message }, 'the hook is told later'));

type Call<B = unknown> = Pick<RequestContext<unknown, unknown, B>, 'caller' | 'request_id' | 'body'>;

/** Its message instances have it within half a second. */
export async function putHook(ctx: Context, call: Call<HookInput>): Promise<View> {
  const { body, caller } = call;
  await ctx.egress.check(body.url, 'url');
  const { hook, created } = await ctx.db.transaction(async (trx) => {
    const saved = await saveHook(trx, body, newSecret(), caller.user_id);
    await recordAudit(trx, call, 'hook.put', TARGET, { ...body });
    return saved;
  });
  ctx.facts.nudge();
  await tellSoon(ctx);
  return created ? { ...viewOf(hook), secret: hook.secret } : viewOf(hook);
}

export async function showHook(ctx: Context): Promise<View> {
  const { hook } = await readHook(ctx.db);
  if (hook === null) throw notFound('Hook');
  return viewOf(hook);
}

export async function removeHook(ctx: Context, call: Call): Promise<void> {
  await ctx.db.transaction(async (trx) => {
    if (!(await deleteHook(trx))) throw notFound('Hook');
    await recordAudit(trx, call, 'hook.delete', TARGET, {});
  });
  ctx.facts.nudge();
  await tellSoon(ctx);
}
