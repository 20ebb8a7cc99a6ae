// Actions of admins on users. The auth service decides and acts (it refuses to ban oneself or the
// last admin); every action is audited first.
import { encodeCursor, type PageInfo, type Paging, type RequestContext } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import { withAudit } from './audit.ts';
import type { Context } from './context.ts';
import { isModerator, requireShortBan } from './moderation/moderator-limits.ts';
import { type AdminUser, viewAdminUsers } from './people/admin-user.ts';
import { type AuthAccount, type User, viewUsers } from './user-view.ts';

export type UserSort = 'created' | 'last_seen' | 'username';
/** The id alone in order of creation; else the sort, its value and the id. */
export type UserKey = readonly [string] | readonly [UserSort, string | number, string];

export interface UserFilter extends Paging<UserKey> {
  search?: string;
  status_filter?: string;
  role_filter?: string;
  sort: UserSort;
}

export interface UserList extends PageInfo {
  users: AdminUser[];
  total: number;
  skip: number;
  limit: number;
}

interface AccountPage {
  accounts: AuthAccount[];
  total: number;
  has_more?: boolean;
  next_cursor?: string | null;
}

type UserCall<B = unknown> = RequestContext<{ id: string }, Record<string, unknown>, B>;

/** For the security log of auth. */
const actorOf = ({ caller, ip }: UserCall<any>) => ({ actor_id: caller.user_id, actor_ip: ip });

export const accountPath = (id: string, rest = ''): string => `/internal/accounts/${encodeURIComponent(id)}${rest}`;

export async function listUsers(
  ctx: Context,
  { caller, query, request_id }: RequestContext<Record<string, string>, UserFilter>,
): Promise<UserList> {
  const { limit, skip, cursor, sort } = query;
  const filter = {
    search: query.search || undefined,
    // Callers who may not see emails must not find them by searching.
    by_email: caller.role === 'admin',
    status: query.status_filter,
    role: query.role_filter,
    sort,
    limit,
    skip,
    cursor: cursor && encodeCursor(cursor),
  };
  const found = await ctx.auth.call<AccountPage>('GET', '/internal/accounts', { query: filter, request_id });
  const { accounts, total } = found;
  const users = await viewAdminUsers(ctx, accounts, caller.role, request_id);
  return { users, total, skip, limit, ...infoOf(found, query) };
}

/** Auth of the previous version says neither whether there is more nor where. */
function infoOf({ accounts, total, has_more, next_cursor }: AccountPage, { skip }: UserFilter): PageInfo {
  if (next_cursor !== undefined && has_more !== undefined) return { has_more, next_cursor };
  const last = accounts.at(-1);
  const more = has_more ?? skip + accounts.length < total;
  return { has_more: more, next_cursor: more && last !== undefined ? encodeCursor([last.user_id]) : null };
}

async function userResponse(ctx: Context, { caller, request_id }: UserCall<any>, account: AuthAccount): Promise<User> {
  const [user] = await viewUsers(ctx, [account], caller.role, request_id);
  return user as User;
}

export interface BanRequest {
  reason?: string | null;
  until?: string | null;
}

export async function banUser(ctx: Context, call: UserCall<BanRequest>): Promise<User> {
  const { params, body, request_id } = call;
  requireShortBan(call.caller, body);
  const account = await withAudit(ctx, call, { action: 'user.ban', target_id: params.id, details: { ...body } }, () =>
    ctx.auth.call<AuthAccount>('POST', accountPath(params.id, '/ban'), {
      body: { ...body, ...actorOf(call), ...(isModerator(call.caller) ? { spares_staff: true } : {}) },
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
