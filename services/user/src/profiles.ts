// Owns: what is shown of a user to whom, and changing one's own profile.
import { type Account, tellFact } from '@chatapi/bus';
import { type Caller, notFound, type Paging, page } from '@chatapi/kit';
import type { Context } from './context.ts';
import { onlineAmong, type Presence, presenceOf } from './presence.ts';
import {
  keepAccount,
  type ProfileChange,
  type ProfileRow,
  profileById,
  profilesByIds,
  searchProfiles,
  updateProfile,
} from './profile-store.ts';

export type OwnProfile = Omit<ProfileRow, 'last_seen'>;
export type PublicProfile = Omit<OwnProfile, 'email'> & { email?: string; presence: Presence };

/** Right after a registration its fact may still be on the way: then auth is asked. */
async function profile(ctx: Context, userId: string, request_id: string): Promise<ProfileRow> {
  const known = await profileById(ctx.db, userId);
  if (known !== undefined) return known;
  const { user_id, username, email, role, status, created_at, updated_at, display_name } = await ctx.auth.call<
    Account & { display_name: string }
  >('GET', `/internal/accounts/${encodeURIComponent(userId)}`, { request_id });
  await keepAccount(ctx.db, { user_id, username, email, role, status, created_at, updated_at }, display_name);
  return (await profileById(ctx.db, userId)) as ProfileRow;
}

const own = ({ last_seen: _, ...rest }: ProfileRow): OwnProfile => rest;

/** The address is for the user and for admins. */
function asSeenBy(caller: Caller, { email, last_seen, ...rest }: ProfileRow, online: Set<string>): PublicProfile {
  const presence = presenceOf(online.has(rest.id), last_seen);
  return caller.role === 'admin' || caller.user_id === rest.id ? { ...rest, email, presence } : { ...rest, presence };
}

export const me = async (ctx: Context, caller: Caller, requestId: string): Promise<OwnProfile> =>
  own(await profile(ctx, caller.user_id, requestId));

export async function showUser(
  ctx: Context,
  caller: Caller,
  userId: string,
  requestId: string,
): Promise<PublicProfile> {
  const [found, online] = await Promise.all([profile(ctx, userId, requestId), onlineAmong(ctx.redis, [userId])]);
  return asSeenBy(caller, found, online);
}

export interface Search extends Paging {
  search: string;
}

export async function searchUsers(
  ctx: Context,
  caller: Caller,
  { search, ...paging }: Search,
): Promise<{ users: PublicProfile[]; has_more: boolean }> {
  const rows = await searchProfiles(ctx.db, search, paging);
  const online = await onlineAmong(
    ctx.redis,
    rows.map(({ id }) => id),
  );
  return page(
    'users',
    rows.map((row) => asSeenBy(caller, row, online)),
    paging.limit,
  );
}

export async function changeProfile(
  ctx: Context,
  caller: Caller,
  change: ProfileChange,
  requestId: string,
): Promise<OwnProfile> {
  await profile(ctx, caller.user_id, requestId);
  const changed = await ctx.db.transaction(async (trx) => {
    const row = await updateProfile(trx, caller.user_id, change);
    if (row === undefined) throw notFound('User');
    const { id: user_id, display_name, bio, avatar_url, profile_updated_at: updated_at } = row;
    await tellFact(trx, 'profile.updated', { user_id, display_name, bio, avatar_url, updated_at });
    return row;
  });
  ctx.facts.nudge();
  const { profile_updated_at: _, ...row } = changed;
  return own(row);
}

export interface ProfileCard {
  user_id: string;
  display_name: string;
  bio: string;
  avatar_url: string | null;
  updated_at: string;
}

/** For other services; who is not known (yet) is left out. */
export async function cards(ctx: Context, ids: string[]): Promise<{ profiles: ProfileCard[] }> {
  const rows = await profilesByIds(ctx.db, ids);
  return {
    profiles: rows.map(({ id: user_id, display_name, bio, avatar_url, updated_at }) => ({
      user_id,
      display_name,
      bio,
      avatar_url,
      updated_at,
    })),
  };
}
