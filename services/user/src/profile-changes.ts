// Changes of profiles, by their users and by the application that brought them. A change of the
// application has a number, so that one that is told twice or late is applied once.
import { type Facts, recordFacts } from '@chatapi/bus';
import { type Custom, checkedCustom, customFault, invalidField, mergePatch, notFound } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import type { Context } from './context.ts';
import {
  type ChangedProfile,
  insertProfiles,
  lockProfiles,
  type ProfileFields,
  saveProfiles,
} from './profile-change-store.ts';
import { type NamedAccount, upsertAccounts } from './profile-store.ts';
import { findProfile, type OwnProfile, type ProfileSummary, profileSummaries, withoutPresence } from './profiles.ts';

export interface ProfileChange {
  display_name?: string;
  bio?: string;
  avatar_url?: string | null;
  /** A merge patch. */
  custom?: Custom;
}

/** What an application wants of one of its users, as auth keeps it until it is applied. */
export interface AppChange {
  account: NamedAccount;
  version: number;
  change: Omit<ProfileChange, 'custom'> & { custom?: Custom[]; told_avatar_url?: string };
}

const changedFields = (
  before: ProfileFields,
  { display_name, bio, avatar_url }: Omit<ProfileChange, 'custom'>,
): ProfileFields => ({
  ...before,
  display_name: display_name ?? before.display_name,
  bio: bio ?? before.bio,
  avatar_url: avatar_url === undefined ? before.avatar_url : avatar_url,
});

const patched = (custom: Custom, patches: Custom[]): Custom => patches.reduce<Custom>(mergePatch, custom);

type Pair = (before: ProfileFields, after: ProfileFields) => boolean;

/** `custom` is not in the fact. */
const isPublished: Pair = (before, after) =>
  before.display_name !== after.display_name || before.bio !== after.bio || before.avatar_url !== after.avatar_url;

/**
 * Of thousands that an application brings, subscribers need only the names that `account.created`
 * did not have.
 */
const isRenamed: Pair = (before, after) => before.display_name !== after.display_name;

const factOf = ({ id: user_id, display_name, bio, avatar_url, profile_updated_at }: ChangedProfile) =>
  ({ user_id, display_name, bio, avatar_url, updated_at: profile_updated_at }) satisfies Facts['profile.updated'];

/** Auth tells the first avatar of thousands with their accounts. */
const isNewAvatar: Pair = (before, after) =>
  (before.avatar_url !== after.avatar_url && after.avatar_url !== after.told_avatar_url) ||
  before.avatar_untold === true;

const avatarOf = ({ id: user_id, avatar_url, profile_updated_at }: ChangedProfile) =>
  ({ user_id, avatar_url, updated_at: profile_updated_at }) satisfies Facts['profile.avatar'];

/** Records what others must hear of the profiles that were saved. */
async function tellChanges(
  trx: Knex,
  before: ProfileFields[],
  after: ProfileFields[],
  saved: ChangedProfile[],
  isTold: Pair,
): Promise<void> {
  const old = new Map(before.map((fields) => [fields.user_id, fields]));
  const those = (are: Pair): ChangedProfile[] => {
    const ids = new Set(
      after.filter((fields) => are(old.get(fields.user_id) as ProfileFields, fields)).map((f) => f.user_id),
    );
    return saved.filter(({ id }) => ids.has(id));
  };
  await recordFacts(trx, 'profile.updated', those(isTold).map(factOf));
  await recordFacts(trx, 'profile.avatar', those(isNewAvatar).map(avatarOf));
}

async function save(
  trx: Knex,
  before: ProfileFields[],
  after: ProfileFields[],
  isTold: Pair,
): Promise<ChangedProfile[]> {
  if (after.length === 0) return [];
  const saved = await saveProfiles(trx, after);
  await tellChanges(trx, before, after, saved, isTold);
  return saved;
}

/**
 * The user, and the profile as it was before.
 * @param check throws if the change is not allowed for this profile.
 */
async function applyChange(
  ctx: Context,
  userId: string,
  change: ProfileChange,
  requestId: string,
  check: (before: ProfileFields) => void = () => undefined,
): Promise<{ user: OwnProfile; before: ProfileFields }> {
  await findProfile(ctx, userId, requestId);
  const { saved, before } = await ctx.db.transaction(async (trx) => {
    const [before] = await lockProfiles(trx, [userId]);
    if (before === undefined) throw notFound('User');
    check(before);
    const custom = checkedCustom(patched(before.custom, change.custom === undefined ? [] : [change.custom]));
    const [saved] = await save(trx, [before], [{ ...changedFields(before, change), custom }], isPublished);
    return { saved: saved as ChangedProfile, before };
  });
  ctx.facts.nudge();
  const { profile_updated_at: _, ...row } = saved;
  return { user: withoutPresence(row), before };
}

export const changeProfile = async (
  ctx: Context,
  caller: Caller,
  change: ProfileChange,
  requestId: string,
): Promise<OwnProfile> => {
  const check = ({ avatar_url }: ProfileFields): void => {
    if (change.avatar_url?.startsWith('/') && change.avatar_url !== avatar_url)
      throw invalidField('avatar_url', 'must be an http or https URL, or the path that the profile has now');
  };
  return (await applyChange(ctx, caller.user_id, change, requestId, check)).user;
};

/** For the file service, which stores avatars. `replaced`: the address before. */
export async function setAvatar(
  ctx: Context,
  userId: string,
  avatar_url: string | null,
  requestId: string,
): Promise<{ user: OwnProfile; replaced: string | null }> {
  const { user, before } = await applyChange(ctx, userId, { avatar_url }, requestId);
  return { user, replaced: before.avatar_url };
}

/**
 * `custom` that became too large stays as it was: auth checked it before, so somebody else changed
 * it meanwhile.
 */
function changedBy({ version, change }: AppChange, fields: ProfileFields): ProfileFields {
  const custom = patched(fields.custom, change.custom ?? []);
  const kept = customFault(custom) === undefined ? custom : fields.custom;
  const { told_avatar_url } = change;
  return { ...changedFields(fields, change), told_avatar_url, custom: kept, app_version: version };
}

const blank = ({ account: { user_id, display_name } }: AppChange): ProfileFields => ({
  user_id,
  display_name: display_name ?? null,
  bio: '',
  avatar_url: null,
  custom: {},
  app_version: 0,
});

/** Writes those of unknown users by one statement. @returns the changes of the others. */
async function insertUnknown(trx: Knex, changes: AppChange[]): Promise<AppChange[]> {
  const before = changes.map(blank);
  const after = changes.map((one, i) => changedBy(one, before[i] as ProfileFields));
  const accounts = changes.map(({ account }) => account);
  const saved = await insertProfiles(trx, accounts, after);
  await tellChanges(trx, before, after, saved, isRenamed);
  const made = new Set(saved.map(({ id }) => id));
  return changes.filter(({ account }) => !made.has(account.user_id));
}

/** Applies what was not applied yet, and answers the profiles. */
export async function applyAppChanges(ctx: Context, changes: AppChange[]): Promise<{ profiles: ProfileSummary[] }> {
  await ctx.db.transaction(async (trx) => {
    const known = await insertUnknown(trx, changes);
    if (known.length === 0) return;
    await upsertAccounts(
      trx,
      known.map(({ account }) => account),
    );
    const wanted = new Map(known.map((one) => [one.account.user_id, one]));
    const before = await lockProfiles(trx, [...wanted.keys()]);
    const after = before.flatMap((fields) => {
      const one = wanted.get(fields.user_id) as AppChange;
      return one.version <= fields.app_version ? [] : [changedBy(one, fields)];
    });
    await save(trx, before, after, isRenamed);
  });
  ctx.facts.nudge();
  return await profileSummaries(
    ctx,
    changes.map(({ account }) => account.user_id),
  );
}
