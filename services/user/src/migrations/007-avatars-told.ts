import { createIndex, type Migration } from '@chatapi/kit/data';

export const avatarsTold: Migration = {
  name: '007-avatars-told',
  async up(db) {
    await db.raw(`
      -- The update of the profile with which its avatar was last told, if ever. Another one: by a
      -- process of the version before, which does not tell avatars.
      alter table profiles add column avatar_told_at timestamptz;
    `);
  },
};

/** As in `UNTOLD` of avatar-store.ts. */
export const untoldAvatars: Migration = {
  name: '008-untold-avatars',
  online: (db) =>
    createIndex(
      db,
      'profiles_untold_avatars',
      `on profiles (user_id) where avatar_told_at is distinct from profile_updated_at
         and (avatar_url is not null or avatar_told_at is not null)`,
    ),
};
