// What an application wants of its users, compared with what is there: what is so already is no
// change.
import { isDeepStrictEqual } from 'node:util';
import { type AppError, type Custom, customFault, invalidField, mergePatch } from '@chatapi/kit';
import type { AccountRow } from '../account-store.ts';
import type { Context } from '../context.ts';
import { type Profile, profilesOf } from '../user-view.ts';
import { accountsByExternalId } from './app-user-store.ts';
import type { ProfileChange } from './profile-change-store.ts';
import { tellProfileChanges } from './profile-changes.ts';

export interface AppUserFields {
  username?: string;
  display_name?: string;
  bio?: string;
  avatar_url?: string | null;
  email?: string | null;
  /** A merge patch. */
  custom?: Custom;
}

export type AppUser = AppUserFields & { external_id: string };

export interface Plan {
  user: AppUser;
  /** What of the profile is to change. */
  change: ProfileChange;
  /** As it is now; undefined for who is new. */
  profile?: Profile;
}

/** The profile's fields that the application named. */
function wantedOf({ display_name, bio, avatar_url, custom }: AppUserFields): ProfileChange {
  const named = { display_name, bio, avatar_url, custom: custom && [custom] };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

function differing({ custom = [], ...fields }: ProfileChange, profile: Profile): ProfileChange {
  const changed = Object.entries(fields).filter(([name, value]) => value !== profile[name as keyof Profile]);
  const now = profile.custom ?? {};
  const merged = custom.reduce<Custom>(mergePatch, now);
  const fault = customFault(merged);
  if (fault !== undefined) throw invalidField('custom', `custom ${fault}`);
  return { ...Object.fromEntries(changed), ...(isDeepStrictEqual(merged, now) ? {} : { custom }) };
}

/** Until the fact of the account has reached the user service. */
const firstProfile = ({ user_id, display_name, updated_at }: AccountRow): Profile => ({
  user_id,
  display_name,
  bio: '',
  avatar_url: null,
  updated_at,
});

function planOne(user: AppUser, profile: Profile | undefined): Plan | AppError {
  const change = wantedOf(user);
  if (profile === undefined) return { user, change };
  try {
    return { user, change: differing(change, profile), profile };
  } catch (error) {
    return error as AppError;
  }
}

/** @throws SERVICE_UNAVAILABLE when some are known and the user service is away. */
export async function planUsers(ctx: Context, users: AppUser[], request_id: string): Promise<(Plan | AppError)[]> {
  const known = await accountsByExternalId(
    ctx.db,
    users.map(({ external_id }) => external_id),
  );
  const ids = known.map(({ user_id }) => user_id);
  await tellProfileChanges(ctx, ids, request_id);
  const profiles = await profilesOf(ctx, ids, { request_id });
  const byExternalId = new Map(
    known.map((account) => [account.external_id, profiles.get(account.user_id) ?? firstProfile(account)]),
  );
  return users.map((user) => planOne(user, byExternalId.get(user.external_id)));
}
