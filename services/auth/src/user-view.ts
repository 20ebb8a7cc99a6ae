// The `User` in the responses of register and login. The profile comes from the user service. If
// it does not answer in time, the account data is used: a login must not fail for a picture.
import type { Role } from '@chatapi/kit/auth';
import type { AccountRow } from './account-store.ts';
import type { Context } from './context.ts';

export interface User {
  id: string;
  username: string;
  email: string;
  email_verified: boolean;
  display_name: string;
  bio: string;
  avatar_url: string | null;
  role: Role;
  status: 'active' | 'banned';
  created_at: string;
  updated_at: string;
}

interface Profile {
  user_id: string;
  display_name: string;
  bio: string;
  avatar_url: string | null;
  updated_at: string;
}

const PROFILE_TIMEOUT_MS = 400;

export const newUser = (account: AccountRow): User => ({
  id: account.user_id,
  username: account.username,
  email: account.email,
  email_verified: account.email_verified,
  display_name: account.display_name,
  bio: '',
  avatar_url: null,
  role: account.role,
  status: account.status,
  created_at: account.created_at,
  updated_at: account.updated_at,
});

export async function userOf(
  ctx: Pick<Context, 'users' | 'log'>,
  account: AccountRow,
  request_id: string,
): Promise<User> {
  const user = newUser(account);
  try {
    const body = { ids: [account.user_id] };
    const { profiles } = await ctx.users.call<{ profiles: Profile[] }>('POST', '/internal/profiles', {
      body,
      request_id,
      timeoutMs: PROFILE_TIMEOUT_MS,
    });
    const [profile] = profiles;
    if (profile === undefined) return user;
    const { user_id: _, updated_at, ...own } = profile;
    return { ...user, ...own, updated_at: [updated_at, user.updated_at].sort()[1] as string };
  } catch (err) {
    ctx.log.debug({ err: (err as Error).message, request_id }, 'login response without the profile');
    return user;
  }
}
