// Sessions that an application makes for its users: it has logged them in by its own means.
import { securityEvent } from '@chatapi/kit';
import { isBanned, liftExpiredBan, requireUsable } from '../bans.ts';
import type { Context } from '../context.ts';
import { createLimitedSession } from '../sessions.ts';
import { type AppUserView, userOf } from '../user-view.ts';
import { accountsByExternalId } from './app-user-store.ts';
import { lockOwnUser, type UserCall } from './app-users.ts';
import { recordAct } from './audit.ts';

export interface MintRequest {
  /** Seconds. */
  expires_in: number;
  session_name?: string;
}

export interface MintedToken {
  access_token: string;
  token_type: 'bearer';
  expires_in: number;
  user: AppUserView;
  session_id: string;
}

/**
 * No refresh token: the application mints again.
 * @throws RESOURCE_NOT_FOUND; AUTHORIZATION_ERROR for admins, banned and deactivated users.
 */
export async function mintToken(ctx: Context, call: UserCall<MintRequest>): Promise<MintedToken> {
  const { params, body, caller, ip, user_agent, request_id } = call;
  const [found] = await accountsByExternalId(ctx.db, [params.external_id]);
  if (found !== undefined && isBanned(found)) await liftExpiredBan(ctx, found.user_id);
  const { expires_in } = body;
  const grant = await ctx.db.transaction(async (trx) => {
    const account = await lockOwnUser(trx, params.external_id);
    requireUsable(account);
    const limits = { seconds: expires_in, name: body.session_name ?? null };
    const session = await createLimitedSession(trx, account, { ip, user_agent }, limits);
    await recordAct(trx, call, { action: 'user.token', target_id: account.user_id, details: { expires_in } });
    return { account, ...session };
  });
  ctx.facts.nudge();
  const { account, session_id, issued_at } = grant;
  const { user_id, role } = account;
  securityEvent(ctx, 'session.minted', { user_id, actor_id: caller.user_id, session_id, ip, request_id });
  const access_token = await ctx.signer.sign({ user_id, session_id, role, issued_at, expires_in });
  const user = (await userOf(ctx, account, request_id)) as AppUserView;
  return { access_token, token_type: 'bearer', expires_in, user, session_id };
}
