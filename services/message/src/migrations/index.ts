import { factsMigration } from '@chatapi/bus';
import type { Migration } from '@chatapi/kit';
import { logMigration } from './001-log.ts';
import { moderationMigration } from './002-moderation.ts';

export const migrations: Migration[] = [factsMigration, logMigration, moderationMigration];
