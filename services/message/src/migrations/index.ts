import { factsMigration } from '@chatapi/bus';
import type { Migration } from '@chatapi/kit';
import { logMigration } from './001-log.ts';
import { moderationMigration } from './002-moderation.ts';
import { erasureMigration } from './003-erasure.ts';
import { clientKeyMigration } from './004-client-key.ts';
import { countedLaterMigration } from './005-counted-later.ts';

export const migrations: Migration[] = [
  factsMigration,
  logMigration,
  moderationMigration,
  erasureMigration,
  clientKeyMigration,
  countedLaterMigration,
];
