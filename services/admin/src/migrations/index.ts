import { factsMigration } from '@chatapi/bus';
import type { Migration } from '@chatapi/kit';
import { statisticsMigration } from './001-statistics.ts';
import { auditMigration } from './002-audit.ts';
import { moderationMigration } from './003-moderation.ts';
import { auditSchemaMigration } from './004-audit-schema.ts';

export const migrations: Migration[] = [
  factsMigration,
  statisticsMigration,
  auditMigration,
  moderationMigration,
  auditSchemaMigration,
];
