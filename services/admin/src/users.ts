// Owns: what admins do to users. auth decides and acts (nobody bans themself, the last admin stays one); every act here
// goes on record first.
import type { Call, Role } from '@chatapi/kit';
import { onRecord } from './audit.ts';
import type { Context } from './context.ts';
import { type KnownAccount, type User, viewUsers } from './user-view.ts';

export interface UserFilter {
  search?: string;
  status_filter?: string;
  role_filter?: string;
  limit: number;
  skip: number;
}

export interface UserList {
  users: User[];
  total: number;
  skip: number;
  limit: number;
  has_more: boolean;
}

type UserCall<B = unknown> = Call<{ id: string }, Record<string, unknown>, B>;

const accountPath = (id: string, rest = ''): string => `/internal/accounts/${encodeURIComponent(id)}${rest}`;

export async function listUsers(
  ctx: Context,
  { caller, query, request_id }: Call<Record<string, string>, UserFilter>,
): Promise<UserList> {
  const { limit, skip } = query;
  const filter = {
    search: query.search || undefined,
    // Whoever does not see addresses must not find out about them by searching.
    by_email: caller.role === 'admin',
    status: query.status_filter,
    role: query.role_filter,
    limit,
    skip,
  };
  const { accounts, total } = await ctx.auth.call<{ accounts: KnownAccount[]; total: number }>(
    'GET',
    '/internal/accounts',
    { query: filter, request_id },
  );
  const users = await viewUsers(ctx, accounts, caller.role, request_id);
  return { users, total, skip, limit, has_more: skip + users.length < total };
}

async function answerUser(ctx: Context, { caller, request_id }: UserCall<any>, account: KnownAccount): Promise<User> {
  const [user] = await viewUsers(ctx, [account], caller.role, request_id);
  return user as User;
}

export interface BanOrder {
  reason?: string | null;
  until?: string | null;
}

export async function banUser(ctx: Context, call: UserCall<BanOrder>): Promise<User> {
  const { params, body, caller, request_id } = call;
  const account = await onRecord(ctx, call, { action: 'user.ban', target_id: params.id, details: { ...body } }, () =>
    ctx.auth.call<KnownAccount>('POST', accountPath(params.id, '/ban'), {
      body: { ...body, actor_id: caller.user_id },
      request_id,
    }),
  );
  return answerUser(ctx, call, account);
}

export async function unbanUser(ctx: Context, call: UserCall): Promise<User> {
  const { params, caller, request_id } = call;
  const account = await onRecord(ctx, call, { action: 'user.unban', target_id: params.id }, () =>
    ctx.auth.call<KnownAccount>('POST', accountPath(params.id, '/unban'), {
      body: { actor_id: caller.user_id },
      request_id,
    }),
  );
  return answerUser(ctx, call, account);
}

export async function changeRole(ctx: Context, call: UserCall<{ role: Role }>): Promise<User> {
  const { params, body, caller, request_id } = call;
  const account = await onRecord(
    ctx,
    call,
    { action: 'user.role', target_id: params.id, details: { role: body.role } },
    () =>
      ctx.auth.call<KnownAccount>('PUT', accountPath(params.id, '/role'), {
        body: { role: body.role, actor_id: caller.user_id },
        request_id,
      }),
  );
  return answerUser(ctx, call, account);
}

export async function unlockUser(ctx: Context, call: UserCall): Promise<void> {
  const { params, caller, request_id } = call;
  await onRecord(ctx, call, { action: 'user.unlock', target_id: params.id }, () =>
    ctx.auth.call('POST', accountPath(params.id, '/unlock'), { body: { actor_id: caller.user_id }, request_id }),
  );
}

/** Its names, messages, files and all else are erased by every service on its own; what is on record here is the id. */
export async function eraseUser(ctx: Context, call: UserCall): Promise<void> {
  const { params, request_id } = call;
  await onRecord(ctx, call, { action: 'user.erase', target_id: params.id }, () =>
    ctx.auth.call('DELETE', accountPath(params.id), { request_id }),
  );
}

export async function endSessions(ctx: Context, call: UserCall): Promise<void> {
  const { params, request_id } = call;
  await onRecord(ctx, call, { action: 'user.sessions.end', target_id: params.id }, () =>
    ctx.auth.call('DELETE', accountPath(params.id, '/sessions'), { request_id }),
  );
}
