// Incoming webhooks of a room: its staff makes them, others post to their URLs (post-message.ts).
import { createHash, randomBytes } from 'node:crypto';
import { AppError, type IdPaging, newId, notFound, type PageInfo, page, type RequestContext } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { Context } from '../context.ts';
import { recordAudit } from '../webhooks/audit.ts';
import { endIncoming, type IncomingRow, insertIncoming, listIncoming, markReady } from './incoming-store.ts';

const MAX_PER_ROOM = 50;
const SECRET_BYTES = 32;

export const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

type Call<P, Q = unknown, B = unknown> = Pick<
  RequestContext<P, Q, B>,
  'caller' | 'request_id' | 'params' | 'query' | 'body'
>;

/** @returns whether only a role in the installation allows it. @throws AppError 403, 404. */
async function requireRights(
  { message }: Context,
  { caller, params, request_id }: Call<{ id: string }>,
): Promise<boolean> {
  const { user_id, role, rooms } = caller;
  const body = { room_id: params.id, user_id, role, rooms };
  return (await message.call<{ by_role: boolean }>('POST', '/internal/hook-rights', { body, request_id })).by_role;
}

const record = async (
  trx: Knex,
  call: Call<{ id: string }>,
  by_role: boolean,
  action: string,
  id: string,
): Promise<void> => {
  if (by_role) await recordAudit(trx, call, action, id, { chat_id: call.params.id });
};

/**
 * Until its last step it takes nothing, and what is left of it when a step fails is removed
 * (retire-bots.ts).
 */
export async function createIncoming(
  ctx: Context,
  call: Call<{ id: string }, unknown, { name: string }>,
): Promise<IncomingRow & { url: string }> {
  const by_role = await requireRights(ctx, call);
  const { params, body, caller, request_id } = call;
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const [id, bot_id, chat_id] = [newId('inh'), newId('usr'), params.id];
  const hook = { id, chat_id, name: body.name, bot_id, created_by: caller.user_id, secret_hash: hashOf(secret) };
  const row = await ctx.db.transaction(async (trx) => {
    const inserted = await insertIncoming(trx, hook, MAX_PER_ROOM);
    if (inserted === undefined)
      throw new AppError('CONFLICT', `This room has ${MAX_PER_ROOM} incoming webhooks already`, {
        details: { reason: 'limit' },
      });
    await record(trx, call, by_role, 'incoming_webhook.create', id);
    return inserted;
  });
  const bot = { user_id: bot_id, display_name: body.name };
  await ctx.auth.call('POST', '/internal/hook-bots', { body: bot, request_id });
  await ctx.message.call('POST', '/internal/hook-members', { body: { room_id: chat_id, bot_id }, request_id });
  if (!(await markReady(ctx.db, id))) throw notFound('Room');
  ctx.facts.nudge();
  return { ...row, url: `/hooks/${id}/${secret}` };
}

export async function showIncoming(
  ctx: Context,
  call: Call<{ id: string }, IdPaging>,
): Promise<{ incoming_webhooks: IncomingRow[] } & PageInfo> {
  await requireRights(ctx, call);
  const { params, query } = call;
  const rows = await listIncoming(ctx.db, params.id, { ...query, limit: query.limit + 1 });
  return page('incoming_webhooks', rows, query.limit, ({ id }) => [id]);
}

/** It takes nothing any more; its messages stay, and its bot leaves the room. */
export async function removeIncoming(ctx: Context, call: Call<{ id: string; hook_id: string }>): Promise<void> {
  const by_role = await requireRights(ctx, call);
  const { id, hook_id } = call.params;
  await ctx.db.transaction(async (trx) => {
    if (!(await endIncoming(trx, id, hook_id))) throw notFound('Incoming webhook');
    await record(trx, call, by_role, 'incoming_webhook.delete', hook_id);
  });
  ctx.facts.nudge();
}
