// Reading profiles, with the fields that the caller may see.
import type { Account } from '@chatapi/bus';
import { type Custom, type PageInfo, type Paging, page } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Context } from './context.ts';
import { onlineAmong, type Presence, presenceOf } from './presence.ts';
import {
  type ProfileRow,
  profileById,
  profilesByIds,
  searchProfiles,
  type UserKey,
  upsertAccounts,
} from './profile-store.ts';

/** Only the user and admins see these. */
type Private = 'email' | 'email_verified' | 'external_id';
export type OwnProfile = Omit<ProfileRow, 'last_seen'>;
export type PublicProfile = Omit<OwnProfile, Private> & Partial<Pick<OwnProfile, Private>> & { presence: Presence };

/** Asks auth when the fact of a new registration has not arrived yet. */
export async function findProfile(ctx: Context, userId: string, request_id: string): Promise<ProfileRow> {
  const known = await profileById(ctx.db, userId);
  if (known !== undefined) return known;
  const account = await ctx.auth.call<Account & { display_name: string }>(
    'GET',
    `/internal/accounts/${encodeURIComponent(userId)}`,
    { request_id },
  );
  await upsertAccounts(ctx.db, [account]);
  return (await profileById(ctx.db, userId)) as ProfileRow;
}

export const withoutPresence = ({ last_seen: _, ...rest }: ProfileRow): OwnProfile => rest;

function viewFor(
  caller: Caller,
  { email, email_verified, external_id, last_seen, ...rest }: ProfileRow,
  online: Set<string>,
): PublicProfile {
  const presence = presenceOf(online.has(rest.id), last_seen);
  const isShown = caller.role === 'admin' || caller.user_id === rest.id;
  return isShown ? { ...rest, email, email_verified, external_id, presence } : { ...rest, presence };
}

export const ownProfile = async (ctx: Context, caller: Caller, requestId: string): Promise<OwnProfile> =>
  withoutPresence(await findProfile(ctx, caller.user_id, requestId));

export async function showUser(
  ctx: Context,
  caller: Caller,
  userId: string,
  requestId: string,
): Promise<PublicProfile> {
  const [found, online] = await Promise.all([findProfile(ctx, userId, requestId), onlineAmong(ctx.redis, [userId])]);
  return viewFor(caller, found, online);
}

export interface Search extends Paging<UserKey> {
  search: string;
}

export async function searchUsers(
  ctx: Context,
  caller: Caller,
  { search, ...paging }: Search,
): Promise<{ users: PublicProfile[] } & PageInfo> {
  const rows = await searchProfiles(ctx.db, search, paging);
  const online = await onlineAmong(
    ctx.redis,
    rows.map(({ id }) => id),
  );
  return page(
    'users',
    rows.map((row) => viewFor(caller, row, online)),
    paging.limit,
    ({ username, id }) => [username, id],
  );
}

export interface ProfileSummary {
  user_id: string;
  display_name: string;
  bio: string;
  avatar_url: string | null;
  custom: Custom;
  updated_at: string;
}

/** For other services. Users that are not known (yet) are left out. */
export async function profileSummaries(ctx: Context, ids: string[]): Promise<{ profiles: ProfileSummary[] }> {
  const rows = await profilesByIds(ctx.db, ids);
  return {
    profiles: rows.map(({ id: user_id, display_name, bio, avatar_url, custom, updated_at }) => ({
      user_id,
      display_name,
      bio,
      avatar_url,
      custom,
      updated_at,
    })),
  };
}
