// The `User` that admins see: the account from auth with the profile from the user service. While
// that service is away the account alone is returned: moderation must not wait for pictures.
import type { Account } from '@chatapi/bus';
import type { Custom } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import type { Context } from './context.ts';

export interface User {
  id: string;
  username: string;
  /** For admins only, as the next two. */
  email?: string | null;
  email_verified?: boolean;
  external_id?: string | null;
  display_name: string;
  bio: string;
  avatar_url: string | null;
  custom: Custom;
  kind: 'user' | 'bot';
  role: Role;
  status: Account['status'];
  created_at: string;
  updated_at: string;
}

export type AuthAccount = Account & {
  display_name?: string;
  ban_reason?: string | null;
  banned_until?: string | null;
  /** Auth of the release before does not send it. */
  last_seen_at?: string | null;
};

interface Profile {
  user_id: string;
  display_name: string;
  bio: string;
  avatar_url: string | null;
  /** The user service of the release before does not send it. */
  custom?: Custom;
}

const PROFILES_TIMEOUT_MS = 1000;

async function profilesOf(
  { user, log }: Pick<Context, 'user' | 'log'>,
  ids: string[],
  request_id: string,
): Promise<Map<string, Profile>> {
  if (ids.length === 0) return new Map();
  try {
    const { profiles } = await user.call<{ profiles: Profile[] }>('POST', '/internal/profiles', {
      body: { ids },
      request_id,
      timeoutMs: PROFILES_TIMEOUT_MS,
    });
    return new Map(profiles.map((profile) => [profile.user_id, profile]));
  } catch (err) {
    log.warn({ err: (err as Error).message, request_id }, 'users returned without their profiles');
    return new Map();
  }
}

/** Auth of the release before knows neither of the last two. */
const forAdmins = ({ email, email_verified = false, external_id = null }: AuthAccount) => ({
  email,
  email_verified,
  external_id,
});

function viewUser(account: AuthAccount, profile: Profile | undefined, viewer: Role): User {
  return {
    id: account.user_id,
    username: account.username,
    ...(viewer === 'admin' ? forAdmins(account) : {}),
    display_name: profile?.display_name || account.display_name || account.username,
    bio: profile?.bio ?? '',
    avatar_url: profile?.avatar_url ?? null,
    custom: profile?.custom ?? {},
    kind: account.kind ?? 'user',
    role: account.role,
    status: account.status,
    created_at: account.created_at,
    updated_at: account.updated_at,
  };
}

export async function viewUsers(
  ctx: Pick<Context, 'user' | 'log'>,
  accounts: AuthAccount[],
  viewer: Role,
  request_id: string,
): Promise<User[]> {
  const profiles = await profilesOf(
    ctx,
    accounts.map(({ user_id }) => user_id),
    request_id,
  );
  return accounts.map((account) => viewUser(account, profiles.get(account.user_id), viewer));
}
