// Exchange of an application's token for a session (RFC 8693). It ends when the application's token
// does, and has no refresh token: the application's client exchanges its next token.
import { AppError, securityEvent } from '@chatapi/kit';
import { lockByExternalId } from '../app-users/app-user-store.ts';
import { requireNoAdmin } from '../app-users/audit.ts';
import { requireUsable } from '../bans.ts';
import type { Context } from '../context.ts';
import type { RequestOrigin } from '../session-store.ts';
import { createLimitedSession } from '../sessions.ts';
import { type User, userOf } from '../user-view.ts';
import { refusal, TOLERANCE_S, verifyForeignToken } from './foreign-token.ts';
import { bringUser, externalIdOf } from './token-user.ts';

export const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

export interface ExchangeRequest {
  grant_type: typeof GRANT_TYPE;
  subject_token: string;
  subject_token_type: typeof JWT_TYPE;
  requested_token_type?: typeof ACCESS_TOKEN_TYPE;
}

export interface ExchangedToken {
  access_token: string;
  issued_token_type: typeof ACCESS_TOKEN_TYPE;
  token_type: 'bearer';
  expires_in: number;
  user: User;
}

const MAX_SECONDS = 86_400;

/** At least a second: the token was valid a moment ago. */
const secondsUntil = (exp: number): number =>
  Math.max(1, Math.min(MAX_SECONDS, Math.floor(exp + TOLERANCE_S - Date.now() / 1000)));

/** @throws AUTHENTICATION_ERROR, reason `user`; AUTHORIZATION_ERROR for who may not log in so. */
async function openSession(ctx: Context, { ip, user_agent }: RequestOrigin, externalId: string, seconds: number) {
  const grant = await ctx.db.transaction(async (trx) => {
    const [account] = await lockByExternalId(trx, [externalId]);
    if (account === undefined) throw refusal('user', 'The user of this token has no account');
    requireNoAdmin(account);
    requireUsable(account);
    return { account, ...(await createLimitedSession(trx, account, { ip, user_agent }, { seconds, name: null })) };
  });
  ctx.facts.nudge();
  return grant;
}

async function exchange(ctx: Context, from: RequestOrigin, token: string): Promise<ExchangedToken> {
  const { issuer, claims } = await verifyForeignToken(ctx, token);
  const externalId = externalIdOf(issuer, claims);
  await bringUser(ctx, from, issuer, externalId, claims);
  const expires_in = secondsUntil(claims.exp);
  const { account, session_id, issued_at } = await openSession(ctx, from, externalId, expires_in);
  const { user_id, role } = account;
  const { ip, request_id } = from;
  securityEvent(ctx, 'token.exchanged', { user_id, session_id, target_id: issuer.id, ip, request_id });
  const access_token = await ctx.signer.sign({ user_id, session_id, role, issued_at, expires_in });
  const user = await userOf(ctx, account, request_id);
  return { access_token, issued_token_type: ACCESS_TOKEN_TYPE, token_type: 'bearer', expires_in, user };
}

/** The reason of a ban is somebody's text. */
function recordRefused(ctx: Context, { ip, request_id }: RequestOrigin, error: unknown): void {
  if (!(error instanceof AppError) || (error.status !== 401 && error.status !== 403)) return;
  const reason = 'until' in error.details ? 'banned' : String(error.details.reason);
  securityEvent(ctx, 'token.exchange_refused', { ip, request_id, reason });
}

export async function exchangeToken(
  ctx: Context,
  from: RequestOrigin,
  { subject_token }: ExchangeRequest,
): Promise<ExchangedToken> {
  try {
    return await exchange(ctx, from, subject_token);
  } catch (error) {
    recordRefused(ctx, from, error);
    throw error;
  }
}
