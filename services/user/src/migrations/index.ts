import { factsMigration } from '@chatapi/bus';
import type { Migration } from '@chatapi/kit';
import { profiles } from './001-profiles.ts';
import { erased } from './002-erased.ts';

export const migrations: Migration[] = [factsMigration, profiles, erased];
