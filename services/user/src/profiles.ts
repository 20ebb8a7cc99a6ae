// Reading profiles, with the fields that the caller may see.
import type { Account } from '@chatapi/bus';
import { type Custom, type PageInfo, type Paging, page } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Context } from './context.ts';
import { onlineAmong, type Presence, presenceOf } from './presence.ts';
import {
  erasedAmong,
  lastSeenOf,
  type ProfileRow,
  profileById,
  profilesByIds,
  searchProfiles,
  type UserKey,
  upsertAccounts,
} from './profile-store.ts';

const AUTH_TIMEOUT_MS = 1000;

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
  search?: string;
  /** Exactly these. */
  ids?: string[];
}

export type ProfilePage = { users: PublicProfile[] } & PageInfo;

/** Accounts whose facts have not arrived yet. Without auth, those who are known are answered. */
async function learn(ctx: Context, ids: string[], request_id: string): Promise<void> {
  const erased = new Set(await erasedAmong(ctx.db, ids));
  const unknown = ids.filter((id) => !erased.has(id));
  if (unknown.length === 0) return;
  try {
    const { accounts } = await ctx.auth.call<{ accounts: (Account & { display_name: string })[] }>(
      'POST',
      '/internal/accounts/by-ids',
      { body: { ids: unknown }, request_id, timeoutMs: AUTH_TIMEOUT_MS },
    );
    if (accounts.length > 0) await upsertAccounts(ctx.db, accounts);
  } catch (err) {
    ctx.log.debug({ err: (err as Error).message }, 'new accounts are not known yet');
  }
}

/** In the given order. Unknown and erased ones are left out. */
async function profilesOf(ctx: Context, ids: string[], requestId: string): Promise<ProfileRow[]> {
  const known = new Map((await profilesByIds(ctx.db, ids)).map((row) => [row.id, row]));
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length > 0) {
    await learn(ctx, unknown, requestId);
    for (const row of await profilesByIds(ctx.db, unknown)) known.set(row.id, row);
  }
  return ids.flatMap((id) => known.get(id) ?? []);
}

async function usersByIds(ctx: Context, caller: Caller, ids: string[], requestId: string): Promise<ProfilePage> {
  const rows = await profilesOf(ctx, [...new Set(ids)], requestId);
  const online = await onlineAmong(
    ctx.redis,
    rows.map(({ id }) => id),
  );
  return { users: rows.map((row) => viewFor(caller, row, online)), has_more: false, next_cursor: null };
}

export const listUsers = (ctx: Context, caller: Caller, { ids, ...query }: Search, requestId: string) =>
  ids === undefined ? searchUsers(ctx, caller, query) : usersByIds(ctx, caller, ids, requestId);

async function searchUsers(
  ctx: Context,
  caller: Caller,
  { search = '', ...paging }: Omit<Search, 'ids'>,
): Promise<ProfilePage> {
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

/** By user id. */
export async function presenceAmong(ctx: Context, ids: string[]): Promise<Record<string, Presence>> {
  const [seen, online] = await Promise.all([lastSeenOf(ctx.db, ids), onlineAmong(ctx.redis, ids)]);
  return Object.fromEntries([...seen].map(([id, lastSeen]) => [id, presenceOf(online.has(id), lastSeen)]));
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
