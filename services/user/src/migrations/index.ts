import { factsMigrations } from '@chatapi/bus';
import type { Schema } from '@chatapi/kit/data';
import { profiles } from './001-profiles.ts';
import { erased } from './002-erased.ts';
import { foldedNames, unfoldedNames } from './003-folded-names.ts';
import { ownUsers } from './005-own-users.ts';
import { verifiedEmail } from './006-verified-email.ts';
import { avatarsTold, untoldAvatars } from './007-avatars-told.ts';

export const schema: Schema = {
  name: 'users',
  migrations: [
    ...factsMigrations,
    profiles,
    erased,
    foldedNames,
    unfoldedNames,
    ownUsers,
    verifiedEmail,
    avatarsTold,
    untoldAvatars,
  ],
};
