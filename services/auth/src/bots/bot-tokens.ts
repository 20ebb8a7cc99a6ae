// Tokens of bots: as application keys, but for the account of the bot, and perhaps for some of its
// rooms only.
import { type IdPaging, newId, notFound, type PageInfo, page } from '@chatapi/kit';
import { type Caller, credentialHash, requireScope, type Scope } from '@chatapi/kit/auth';
import { type AppCall, recordAct } from '../app-users/audit.ts';
import { newSecret, requireRoomFor, revokeCredential } from '../application-keys.ts';
import type { Context } from '../context.ts';
import { type CredentialRow, deleteCredential, insertCredential, listCredentials } from '../credential-store.ts';
import { publishAfterCommit } from '../revocations.ts';
import { lockBot } from './bot-store.ts';
import { managedBot, requireManaged } from './bots.ts';

export interface NewToken {
  name: string;
  scopes: Scope[];
  rooms?: string[];
  expires_at?: string | null;
}

type Call<P, Q = unknown, B = unknown> = AppCall<P, Q, B>;

const MAX_TOKENS = 10;

/** A key gives no scope that it does not have itself. */
function requireOwnScopes({ scopes: own }: Caller, wanted: Scope[]): void {
  if (own !== undefined) for (const scope of wanted) requireScope(scope, own);
}

export async function createToken(
  ctx: Context,
  call: Call<{ id: string }, unknown, NewToken>,
): Promise<CredentialRow & { token: string }> {
  const { body, caller, params } = call;
  requireOwnScopes(caller, body.scopes);
  const token = newSecret('cbt');
  const row = await ctx.db.transaction(async (trx) => {
    const { user_id } = requireManaged(caller, await lockBot(trx, params.id));
    await requireRoomFor(trx, user_id, MAX_TOKENS);
    const made = await insertCredential(trx, {
      id: newId('tok'),
      user_id,
      token_hash: Buffer.from(credentialHash(token), 'hex'),
      name: body.name,
      scopes: body.scopes,
      rooms: body.rooms ?? null,
      expires_at: body.expires_at ?? null,
    });
    const { name, scopes, rooms } = made;
    await recordAct(trx, call, {
      action: 'bot.token.create',
      target_id: user_id,
      details: { token_id: made.id, name, scopes, rooms },
    });
    return made;
  });
  ctx.facts.nudge();
  return { ...row, token };
}

export async function showTokens(
  ctx: Context,
  call: Call<{ id: string }, IdPaging>,
): Promise<{ tokens: CredentialRow[] } & PageInfo> {
  const { user_id } = await managedBot(ctx, call);
  const rows = await listCredentials(ctx.db, user_id, call.query);
  return page('tokens', rows, call.query.limit, ({ id }) => [id]);
}

/** Refused everywhere within a second; sockets close with 4401. @throws RESOURCE_NOT_FOUND */
export async function endToken(ctx: Context, call: Call<{ id: string; token_id: string }>): Promise<void> {
  const { caller, params } = call;
  const revoked = await ctx.db.transaction(async (trx) => {
    const { user_id } = requireManaged(caller, await lockBot(trx, params.id));
    if (!(await deleteCredential(trx, user_id, params.token_id))) throw notFound('Token');
    await recordAct(trx, call, {
      action: 'bot.token.end',
      target_id: user_id,
      details: { token_id: params.token_id },
    });
    return revokeCredential(trx, params.token_id);
  });
  publishAfterCommit(ctx, revoked);
}
