// Actions of admins on users. The auth service decides and acts (it refuses to ban oneself or the
// last admin); every action is audited first.
import { AppError, encodeCursor, type IdPaging, type PageInfo, type RequestContext } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import { withAudit } from './audit.ts';
import type { Context } from './context.ts';
import { type AuthAccount, type User, viewUsers } from './user-view.ts';

export interface UserFilter extends IdPaging {
  search?: string;
  status_filter?: string;
  role_filter?: string;
}

export interface UserList extends PageInfo {
  users: User[];
  total: number;
  skip: number;
  limit: number;
}

interface AccountPage {
  accounts: AuthAccount[];
  total: number;
  has_more?: boolean;
}

type UserCall<B = unknown> = RequestContext<{ id: string }, Record<string, unknown>, B>;

/** For the security log of auth. */
const actorOf = ({ caller, ip }: UserCall<any>) => ({ actor_id: caller.user_id, actor_ip: ip });

const accountPath = (id: string, rest = ''): string => `/internal/accounts/${encodeURIComponent(id)}${rest}`;

export async function listUsers(
  ctx: Context,
  { caller, query, request_id }: RequestContext<Record<string, string>, UserFilter>,
): Promise<UserList> {
  const { limit, skip, cursor } = query;
  const filter = {
    search: query.search || undefined,
    // Callers who may not see emails must not find them by searching.
    by_email: caller.role === 'admin',
    status: query.status_filter,
    role: query.role_filter,
    limit,
    skip,
    cursor: cursor && encodeCursor(cursor),
  };
  const {
    accounts,
    total,
    // Auth of the previous version does not say it.
    has_more = skip + accounts.length < total,
  } = await ctx.auth.call<AccountPage>('GET', '/internal/accounts', { query: filter, request_id });
  const users = await viewUsers(ctx, accounts, caller.role, request_id);
  const last = accounts.at(-1);
  const next_cursor = has_more && last !== undefined ? encodeCursor([last.user_id]) : null;
  return { users, total, skip, limit, has_more, next_cursor };
}

async function userResponse(ctx: Context, { caller, request_id }: UserCall<any>, account: AuthAccount): Promise<User> {
  const [user] = await viewUsers(ctx, [account], caller.role, request_id);
  return user as User;
}

export interface BanRequest {
  reason?: string | null;
  until?: string | null;
}

const MAX_BAN_BY_KEY_MS = 24 * 3600 * 1000;

/** An application is no admin. @throws AUTHORIZATION_ERROR, reason `ban_limit`. */
function requireShortBan({ until }: BanRequest): void {
  if (until && Date.parse(until) <= Date.now() + MAX_BAN_BY_KEY_MS) return;
  throw new AppError('AUTHORIZATION_ERROR', 'An application key bans for at most 24 hours', {
    details: { reason: 'ban_limit' },
  });
}

export async function banUser(ctx: Context, call: UserCall<BanRequest>): Promise<User> {
  const { params, body, request_id } = call;
  const isByKey = call.caller.kind === 'key';
  if (isByKey) requireShortBan(body);
  const account = await withAudit(ctx, call, { action: 'user.ban', target_id: params.id, details: { ...body } }, () =>
    ctx.auth.call<AuthAccount>('POST', accountPath(params.id, '/ban'), {
      body: { ...body, ...actorOf(call), ...(isByKey ? { spares_staff: true } : {}) },
      request_id,
    }),
  );
  return userResponse(ctx, call, account);
}

export async function unbanUser(ctx: Context, call: UserCall): Promise<User> {
  const { params, request_id } = call;
  const account = await withAudit(ctx, call, { action: 'user.unban', target_id: params.id }, () =>
    ctx.auth.call<AuthAccount>('POST', accountPath(params.id, '/unban'), { body: actorOf(call), request_id }),
  );
  return userResponse(ctx, call, account);
}

export async function changeRole(ctx: Context, call: UserCall<{ role: Role }>): Promise<User> {
  const { params, body, request_id } = call;
  const account = await withAudit(
    ctx,
    call,
    { action: 'user.role', target_id: params.id, details: { role: body.role } },
    () =>
      ctx.auth.call<AuthAccount>('PUT', accountPath(params.id, '/role'), {
        body: { role: body.role, ...actorOf(call) },
        request_id,
      }),
  );
  return userResponse(ctx, call, account);
}

export async function unlockUser(ctx: Context, call: UserCall): Promise<void> {
  const { params, request_id } = call;
  await withAudit(ctx, call, { action: 'user.unlock', target_id: params.id }, () =>
    ctx.auth.call('POST', accountPath(params.id, '/unlock'), { body: actorOf(call), request_id }),
  );
}

export interface ResetLink {
  url: string;
  expires_at: string;
}

/** The admin hands the link out: it works without mail. */
export async function makeResetLink(ctx: Context, call: UserCall): Promise<ResetLink> {
  const { params, request_id } = call;
  return await withAudit(ctx, call, { action: 'user.password_reset', target_id: params.id }, () =>
    ctx.auth.call<ResetLink>('POST', accountPath(params.id, '/password-reset'), { body: actorOf(call), request_id }),
  );
}

/** Each service erases its own data. The audit log keeps the user id. */
export async function eraseUser(ctx: Context, call: UserCall): Promise<void> {
  const { params, request_id } = call;
  await withAudit(ctx, call, { action: 'user.erase', target_id: params.id }, () =>
    ctx.auth.call('DELETE', accountPath(params.id), { body: actorOf(call), request_id }),
  );
}

export async function endSessions(ctx: Context, call: UserCall): Promise<void> {
  const { params, request_id } = call;
  await withAudit(ctx, call, { action: 'user.sessions.end', target_id: params.id }, () =>
    ctx.auth.call('DELETE', accountPath(params.id, '/sessions'), { body: actorOf(call), request_id }),
  );
}
