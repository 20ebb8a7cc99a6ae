import { factsMigration } from '@chatapi/bus';
import type { Migration } from '@chatapi/kit';
import { filesMigration } from './001-files.ts';
import { scanMigration } from './002-scan.ts';
import { privacyMigration } from './003-privacy.ts';
import { triesMigration } from './004-tries.ts';

export const migrations: Migration[] = [
  factsMigration,
  filesMigration,
  scanMigration,
  privacyMigration,
  triesMigration,
];
