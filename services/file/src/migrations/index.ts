import { factsMigrations } from '@chatapi/bus';
import type { Schema } from '@chatapi/kit/data';
import { filesMigration } from './001-files.ts';
import { scanMigration } from './002-scan.ts';
import { privacyMigration } from './003-privacy.ts';
import { triesMigration } from './004-tries.ts';
import { avatarsMigration } from './005-avatars.ts';
import { filesBySizeMigration } from './006-files-by-size.ts';

export const schema: Schema = {
  name: 'files',
  migrations: [
    ...factsMigrations,
    filesMigration,
    scanMigration,
    privacyMigration,
    triesMigration,
    avatarsMigration,
    filesBySizeMigration,
  ],
};
