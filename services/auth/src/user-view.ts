// The `User` in the responses of register and login. The profile comes from the user service. If
// it does not answer in time, the account data is used: a login must not fail for a picture.
import type { Custom } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import type { AccountRow } from './account-store.ts';
import type { Context } from './context.ts';

export interface User {
  id: string;
  external_id: string | null;
  username: string;
  email: string | null;
  email_verified: boolean;
  display_name: string;
  bio: string;
  avatar_url: string | null;
  custom: Custom;
  kind: 'user' | 'bot';
  role: Role;
  status: AccountRow['status'];
  created_at: string;
  updated_at: string;
}

/** One that an application brought. */
export type AppUserView = User & { external_id: string };

export interface Profile {
  user_id: string;
  display_name: string;
  bio: string;
  avatar_url: string | null;
  /** The user service of the release before does not send it. */
  custom?: Custom;
  updated_at: string;
}

const PROFILE_TIMEOUT_MS = 400;

export const newUser = (account: AccountRow): User => ({
  id: account.user_id,
  external_id: account.external_id,
  username: account.username,
  email: account.email,
  email_verified: account.email_verified,
  display_name: account.display_name,
  bio: '',
  avatar_url: null,
  custom: {},
  kind: account.kind,
  role: account.role,
  status: account.status,
  created_at: account.created_at,
  updated_at: account.updated_at,
});

export function userWith(account: AccountRow, profile: Profile | undefined): User {
  const user = newUser(account);
  if (profile === undefined) return user;
  const { user_id: _, updated_at, ...own } = profile;
  return { ...user, ...own, updated_at: [updated_at, user.updated_at].sort()[1] as string };
}

export async function profilesOf(
  ctx: Pick<Context, 'users'>,
  ids: string[],
  { request_id, timeoutMs }: { request_id: string; timeoutMs?: number },
): Promise<Map<string, Profile>> {
  if (ids.length === 0) return new Map();
  const call = { body: { ids }, request_id, timeoutMs };
  const { profiles } = await ctx.users.call<{ profiles: Profile[] }>('POST', '/internal/profiles', call);
  return new Map(profiles.map((profile) => [profile.user_id, profile]));
}

export async function userOf(
  ctx: Pick<Context, 'users' | 'log'>,
  account: AccountRow,
  request_id: string,
): Promise<User> {
  const { user_id } = account;
  try {
    const profiles = await profilesOf(ctx, [user_id], { request_id, timeoutMs: PROFILE_TIMEOUT_MS });
    return userWith(account, profiles.get(user_id));
  } catch (err) {
    ctx.log.debug({ err: (err as Error).message, request_id }, 'login response without the profile');
    return newUser(account);
  }
}
