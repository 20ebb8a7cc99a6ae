// Reading profiles, with the fields that the caller may see, and changing one's own.
import { type Account, recordFact } from '@chatapi/bus';
import { notFound, type PageInfo, type Paging, page } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Context } from './context.ts';
import { onlineAmong, type Presence, presenceOf } from './presence.ts';
import {
  type ProfileChange,
  type ProfileRow,
  profileById,
  profilesByIds,
  searchProfiles,
  type UserKey,
  updateProfile,
  upsertAccount,
} from './profile-store.ts';

/** Only the user and admins see these. */
type Private = 'email' | 'email_verified';
export type OwnProfile = Omit<ProfileRow, 'last_seen'>;
export type PublicProfile = Omit<OwnProfile, Private> & Partial<Pick<OwnProfile, Private>> & { presence: Presence };

/** Asks auth when the fact of a new registration has not arrived yet. */
async function findProfile(ctx: Context, userId: string, request_id: string): Promise<ProfileRow> {
  const known = await profileById(ctx.db, userId);
  if (known !== undefined) return known;
  const { user_id, username, email, email_verified, role, status, created_at, updated_at, display_name } =
    await ctx.auth.call<Account & { display_name: string }>('GET', `/internal/accounts/${encodeURIComponent(userId)}`, {
      request_id,
    });
  const account = { user_id, username, email, email_verified, role, status, created_at, updated_at };
  await upsertAccount(ctx.db, account, display_name);
  return (await profileById(ctx.db, userId)) as ProfileRow;
}

const withoutPresence = ({ last_seen: _, ...rest }: ProfileRow): OwnProfile => rest;

function viewFor(
  caller: Caller,
  { email, email_verified, last_seen, ...rest }: ProfileRow,
  online: Set<string>,
): PublicProfile {
  const presence = presenceOf(online.has(rest.id), last_seen);
  return caller.role === 'admin' || caller.user_id === rest.id
    ? { ...rest, email, email_verified, presence }
    : { ...rest, presence };
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

export async function changeProfile(
  ctx: Context,
  caller: Caller,
  change: ProfileChange,
  requestId: string,
): Promise<OwnProfile> {
  await findProfile(ctx, caller.user_id, requestId);
  const changed = await ctx.db.transaction(async (trx) => {
    const row = await updateProfile(trx, caller.user_id, change);
    if (row === undefined) throw notFound('User');
    const { id: user_id, display_name, bio, avatar_url, profile_updated_at: updated_at } = row;
    await recordFact(trx, 'profile.updated', { user_id, display_name, bio, avatar_url, updated_at });
    return row;
  });
  ctx.facts.nudge();
  const { profile_updated_at: _, ...row } = changed;
  return withoutPresence(row);
}

export interface ProfileSummary {
  user_id: string;
  display_name: string;
  bio: string;
  avatar_url: string | null;
  updated_at: string;
}

/** For other services. Users that are not known (yet) are left out. */
export async function profileSummaries(ctx: Context, ids: string[]): Promise<{ profiles: ProfileSummary[] }> {
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
