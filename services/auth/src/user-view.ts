// Owns: the `User` in the answers to register and login. The profile is user's; when it does not answer in time,
// what auth knows is shown, because a login must not fail for a picture.
import type { AccountRow } from './account-store.ts';
import type { Context } from './context.ts';

export interface User {
  id: string;
  username: string;
  email: string;
  display_name: string;
  bio: string;
  avatar_url: string | null;
  role: string;
  status: string;
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

const PROFILE_MS = 400;

export const newUser = (account: AccountRow): User => ({
  id: account.user_id,
  username: account.username,
  email: account.email,
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
      timeoutMs: PROFILE_MS,
    });
    const [profile] = profiles;
    if (profile === undefined) return user;
    const { user_id: _, updated_at, ...own } = profile;
    return { ...user, ...own, updated_at: [updated_at, user.updated_at].sort()[1] as string };
  } catch (err) {
    ctx.log.debug({ err: (err as Error).message, request_id }, 'login answered without the profile');
    return user;
  }
}
