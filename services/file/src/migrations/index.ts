import { factsMigration } from '@chatapi/bus';
import type { Migration } from '@chatapi/kit';
import { filesMigration } from './001-files.ts';

export const migrations: Migration[] = [factsMigration, filesMigration];
