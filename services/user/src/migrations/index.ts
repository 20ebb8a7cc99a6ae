import { factsMigration } from '@chatapi/bus';
import type { Migration } from '@chatapi/kit';
import { profiles } from './001-profiles.ts';

export const migrations: Migration[] = [factsMigration, profiles];
