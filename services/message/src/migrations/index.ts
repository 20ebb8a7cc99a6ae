import { factsMigration } from '@chatapi/bus';
import type { Migration } from '@chatapi/kit';
import { logMigration } from './001-log.ts';

export const migrations: Migration[] = [factsMigration, logMigration];
