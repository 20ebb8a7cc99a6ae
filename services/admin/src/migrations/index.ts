import { factsMigrations } from '@chatapi/bus';
import type { Schema } from '@chatapi/kit/data';
import { statisticsMigration } from './001-statistics.ts';
import { auditMigration } from './002-audit.ts';
import { moderationMigration } from './003-moderation.ts';
import { auditSchemaMigration } from './004-audit-schema.ts';
import { ownUsersMigration } from './005-own-users.ts';
import { reportListsMigration } from './006-lists-of-reports.ts';
import { seriesMigration } from './007-series.ts';
import { connectionsMigration } from './008-connections.ts';

export const schema: Schema = {
  name: 'admin',
  migrations: [
    ...factsMigrations,
    statisticsMigration,
    auditMigration,
    moderationMigration,
    auditSchemaMigration,
    ownUsersMigration,
    reportListsMigration,
    seriesMigration,
    connectionsMigration,
  ],
};
