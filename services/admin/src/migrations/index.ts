import { factsMigration } from '@chatapi/bus';
import type { Migration } from '@chatapi/kit';
import { statisticsMigration } from './001-statistics.ts';
import { auditMigration } from './002-audit.ts';
import { moderationMigration } from './003-moderation.ts';

export const migrations: Migration[] = [factsMigration, statisticsMigration, auditMigration, moderationMigration];
